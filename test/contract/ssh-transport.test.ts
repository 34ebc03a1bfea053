import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import type { RemoteError } from '../../src/remote/errors.ts'
import { sshTransport } from '../../src/remote/ssh/ssh-transport.ts'
import type { HostAddress } from '../../src/remote/transport.ts'
import { loopOf, realRuntime, rejectsWith } from './shell-stage.ts'
import { FOREIGN_SHELLS, freePort, SshDaemon, WITHOUT_SSH } from './ssh-daemon.ts'
import { transportContract } from './transport-contract.ts'

const TIMEOUT_MS = 60_000

describe('ssh', { skip: WITHOUT_SSH }, () => {
  let daemon: SshDaemon
  before(async () => {
    daemon = await SshDaemon.start()
  })
  after(() => daemon.stop())

  transportContract({
    name: 'ssh',
    transport: (runtime, leaseMs) =>
      sshTransport(runtime, { options: daemon.options(), ...(leaseMs === undefined ? {} : { leaseMs }) }),
    sshOptions: () => daemon.options(),
  })

  const refusal = (
    options: readonly string[],
    address: HostAddress = { host: 'localhost' },
  ): Promise<RemoteError> =>
    rejectsWith('remote.unreachable', sshTransport(realRuntime, { options }).connect(address))

  test('what a login shell prints before does not disturb', { timeout: TIMEOUT_MS }, async () => {
    const shell = await sshTransport(realRuntime, { options: daemon.options('noisy') }).connect({
      host: 'localhost',
    })
    const result = await shell.run({ name: 'speak', body: 'echo out; echo err >&2' })
    assert.deepEqual([result.stdout, result.stderr], ['out\n', 'err\n'])
    await shell.close()
  })

  for (const login of FOREIGN_SHELLS) {
    const skip =
      !isInstalled(login) && `${login} is not installed: whether it can be a login shell is not tested here`
    test(`the login shell may be ${login}`, { skip, timeout: TIMEOUT_MS }, async () => {
      const shell = await sshTransport(realRuntime, { options: daemon.options(login) }).connect({
        host: 'localhost',
      })
      const folder = await mkdtemp(join(tmpdir(), 'capstan-login-'))
      const words = ['it\'s "a" $HOME', '!! `id` \\ *', '\n~ #(ä)\n']
      const body = 'printf "%s|" "$0" "$@" "$word"; [ -d "/proc/$PPID" ]; exit 3'
      const script = { name: 'speak', body, args: words, env: { word: words.join('') } }
      const { exitCode, stdout } = await shell.run(script, { accept: [3] })
      assert.deepEqual([exitCode, stdout], [3, `${['sh', ...words, words.join('')].join('|')}|`])
      await shell.put(Readable.from([Buffer.from('\\0041!\n')]), join(folder, words[0]!))
      assert.equal(await readFile(join(folder, words[0]!), 'utf8'), '\\0041!\n')
      assert.equal(await shell.lock(join(folder, 'lock'), words[1]!), null)
      await shell.close()
      await rm(folder, { recursive: true })
    })
  }

  test('a key that is not accepted is told, with the words of ssh', { timeout: TIMEOUT_MS }, async () => {
    const { message } = await refusal(daemon.options('stranger'))
    assert.match(message, /^localhost: cannot be reached: it accepts none of our keys/)
    assert.match(message, /Permission denied \(publickey\)/)
  })

  test('a port where nothing listens is told, and may be tried again', { timeout: TIMEOUT_MS }, async () => {
    const error = await refusal(daemon.options(), { host: 'localhost', port: await freePort() })
    assert.match(error.message, /nothing listens on that port/)
    assert.match(error.message, /Connection refused/)
    assert.equal(error.retryable, true)
  })

  test('an unknown host key and a changed one are told apart', { timeout: TIMEOUT_MS }, async () => {
    assert.match(
      (await refusal(daemon.options('welcome', 'no_hosts'))).message,
      /its host key is not known here/,
    )
    assert.match(
      (await refusal(daemon.options('welcome', 'other_hosts'))).message,
      /its host key is another than before/,
    )
  })

  test('a name that nobody knows is told', { timeout: TIMEOUT_MS }, async () => {
    assert.match((await refusal(daemon.options(), { host: 'absent.invalid' })).message, /its name is unknown/)
  })

  test('a host name is never an option of ssh', { timeout: TIMEOUT_MS }, async () => {
    const error = await refusal([], { host: '-oProxyCommand=echo injected >&2' })
    assert.doesNotMatch(error.message, /^\s*injected/m)
  })

  test('a line that is cut at the other end is lost', { timeout: TIMEOUT_MS }, async () => {
    const shell = await sshTransport(realRuntime, { options: daemon.options() }).connect({
      host: 'localhost',
    })
    const loop = await loopOf(shell)
    const run = rejectsWith('remote.lost', shell.run({ name: 'work', body: 'sleep 1000; true' }))
    // loop → /bin/sh of the bootstrap → sshd of this connection
    process.kill(parentOf(parentOf(loop)), 'SIGKILL')
    assert.match((await run).message, /ssh ended with exit code 255/)
  })
})

function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}
