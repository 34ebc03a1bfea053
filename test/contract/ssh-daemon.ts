import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const SSHD = ['/usr/sbin/sshd', '/usr/local/sbin/sshd', '/usr/bin/sshd'].find(existsSync)
const START_TRIES = 200
const START_WAIT_MS = 50

/** Why tests of ssh are skipped here, or false. */
export const WITHOUT_SSH: string | false = process.env.CAPSTAN_TEST_WITHOUT?.includes('hosts')
  ? 'left out by --without'
  : SSHD === undefined && 'sshd is not installed: these promises are not tested here'

/** What the login shell of a noisy account does before it runs what it was given. */
const NOISY =
  'echo WELCOME; echo "to this host{" >&2; printf "no end"; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'

/** Login shells that are no POSIX shells. */
export const FOREIGN_SHELLS = ['tcsh', 'fish'] as const

/** What logs in: keys that are let in, those among them with a login shell of their own, and one that is not. */
type Key = 'welcome' | 'noisy' | 'stranger' | (typeof FOREIGN_SHELLS)[number]

const KEYS: readonly Key[] = ['welcome', 'noisy', 'stranger', ...FOREIGN_SHELLS]

/** An sshd of one's own on a loopback port, which lets the current user in. */
export class SshDaemon {
  readonly port: number
  readonly #folder: string
  readonly #process: ChildProcess

  static async start(): Promise<SshDaemon> {
    const folder = await mkdtemp(join(tmpdir(), 'capstan-sshd-'))
    for (const name of ['host', ...KEYS]) makeKey(join(folder, name))
    const port = await freePort()
    await writeFile(join(folder, 'authorized_keys'), await authorizedKeys(folder))
    await writeFile(join(folder, 'sshd_config'), daemonConfig(folder, port))
    const hostKey = await readFile(join(folder, 'host.pub'), 'utf8')
    await writeFile(join(folder, 'known_hosts'), `[127.0.0.1]:${port} ${hostKey}`)
    await writeFile(join(folder, 'no_hosts'), '')
    const strangersKey = await readFile(join(folder, 'stranger.pub'), 'utf8')
    await writeFile(join(folder, 'other_hosts'), `[127.0.0.1]:${port} ${strangersKey}`)
    for (const key of KEYS) await writeFile(join(folder, `config-${key}`), clientConfig(folder, port, key))
    if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    const daemon = new SshDaemon(folder, port)
    await daemon.#isUp()
    return daemon
  }

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
    this.#process = spawn(SSHD!, ['-D', '-e', '-f', join(folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#process.stderr?.resume()
  }

  /** Options of ssh for which `localhost` is this daemon. */
  options(key: Key = 'welcome', knownHosts = 'known_hosts'): readonly string[] {
    return [
      '-F',
      join(this.#folder, `config-${key}`),
      '-o',
      `UserKnownHostsFile=${join(this.#folder, knownHosts)}`,
    ]
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'close')
    this.#process.kill('SIGTERM')
    await ended
    await rm(this.#folder, { recursive: true })
  }

  async #isUp(): Promise<void> {
    for (let tries = 0; tries < START_TRIES; tries++) {
      if (await answers(this.port)) return
      await sleep(START_WAIT_MS)
    }
    throw new Error(`sshd does not listen on port ${this.port}`)
  }
}

function makeKey(file: string): void {
  const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`ssh-keygen: ${stderr}`)
}

async function authorizedKeys(folder: string): Promise<string> {
  const file = join(folder, 'noisy.sh')
  await writeFile(file, `${NOISY}\n`)
  await chmod(file, 0o755)
  const lines = Object.entries({
    ...{ welcome: '', noisy: `command="/bin/sh ${file}" ` },
    // As sshd itself runs a command by the login shell.
    ...Object.fromEntries(
      FOREIGN_SHELLS.map((shell) => [shell, `command="exec ${shell} -c \\"$SSH_ORIGINAL_COMMAND\\"" `]),
    ),
  }).map(async ([key, options]) => options + (await readFile(join(folder, `${key}.pub`), 'utf8')))
  return (await Promise.all(lines)).join('')
}

function daemonConfig(folder: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    `PidFile ${join(folder, 'pid')}`,
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    // The folder is below one that everybody may write to.
    'StrictModes no',
    'UsePAM no',
    // Tests connect side by side.
    'MaxStartups 100',
    '',
  ].join('\n')
}

function clientConfig(folder: string, port: number, key: string): string {
  return [
    'Host localhost',
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${join(folder, key)}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    '  StrictHostKeyChecking yes',
    '  GlobalKnownHostsFile none',
    '',
  ].join('\n')
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).then((isUp) => {
    socket.destroy()
    return isUp as boolean
  })
}
