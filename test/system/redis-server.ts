import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface RedisServerOptions {
  /** Listen on a unix socket only, instead of a loopback port. */
  readonly unixSocket?: boolean
  /** Keep an append-only file with `appendfsync always`: what was answered survives `kill`. */
  readonly appendOnly?: boolean
  readonly password?: string
  /** Bytes; the policy is `noeviction`. */
  readonly maxMemoryBytes?: number
  /** Files in PEM. The port then speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string }
  /** Run as a sentinel instead. */
  readonly sentinel?: boolean
  /** Further lines of redis.conf. */
  readonly config?: readonly string[]
}

/** A redis-server of one's own. It dies with the test process at the latest. */
export interface RedisServer {
  /** For `openRedisStore`; carries the password. */
  readonly url: string
  /** 0 with a unix socket. */
  readonly port: number
  /** Its working directory, removed by `stop`. */
  readonly dir: string
  /** Of the running process; changes with `restart`. */
  pid(): number
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** Starts it again on the same address and data, after a SIGTERM if it still runs. Resolves when it is ready. */
  restart(): Promise<void>
  /** Ends it and removes its files. */
  stop(): Promise<void>
  /** Sends one command on a connection of its own and returns the reply as text; for looking from outside. */
  command(...words: string[]): Promise<string>
}

// The server says one of these when clients may come.
const READY = /[Rr]eady to accept connections|\+monitor master|Sentinel ID is/
const START_TIMEOUT_MS = 15_000
// A port found free may be taken by somebody else before the server binds it.
const START_TRIES = 5

/** Starts a private redis-server. Rejects with its last words when it does not come up. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const dir = await mkdtemp(join(tmpdir(), 'capstan-redis-'))
    const port = options.unixSocket ? 0 : await freePort()
    const args = argumentsFor(options, dir, port)
    try {
      return handle(options, { dir, port, args, child: await launch(args) })
    } catch (error) {
      await rm(dir, { recursive: true, force: true })
      if (attempt === START_TRIES) throw error
    }
  }
}

interface Running {
  readonly dir: string
  readonly port: number
  readonly args: readonly string[]
  child: ChildProcess
}

function handle(options: RedisServerOptions, running: Running): RedisServer {
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const { child } = running
    if (child.exitCode !== null || child.signalCode !== null) return
    // It is left unreferenced while it runs, which would let the wait for its end be the end of the test.
    child.ref()
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return {
    url: urlOf(options, running),
    port: running.port,
    dir: running.dir,
    pid: () => running.child.pid!,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      running.child = await launch(running.args)
    },
    async stop() {
      await end('SIGKILL')
      await rm(running.dir, { recursive: true, force: true })
    },
    command: (...words) => oneCommand(options, running, words),
  }
}

function argumentsFor(options: RedisServerOptions, dir: string, port: number): string[] {
  const { tls } = options
  const lines: string[][] = [
    ['--dir', dir],
    ['--bind', '127.0.0.1'],
    ...(tls
      ? [
          ['--port', '0'],
          ['--tls-port', String(port)],
        ]
      : [['--port', String(port)]]),
    ...(tls
      ? [
          ['--tls-cert-file', tls.cert],
          ['--tls-key-file', tls.key],
          ['--tls-ca-cert-file', tls.ca],
          ['--tls-auth-clients', 'no'],
        ]
      : []),
    ...(options.unixSocket ? [['--unixsocket', join(dir, 'redis.sock')]] : []),
    ...(options.password ? [['--requirepass', options.password]] : []),
    ...(options.sentinel ? [] : dataArguments(options)),
    ...(options.config ?? []).map((line) => {
      const [name = '', ...values] = line.split(' ')
      return [`--${name}`, ...values]
    }),
  ]
  return [...(options.sentinel ? [join(dir, 'sentinel.conf'), '--sentinel'] : []), ...lines.flat()]
}

function dataArguments(options: RedisServerOptions): string[][] {
  return [
    ['--save', ''],
    ['--appendonly', options.appendOnly ? 'yes' : 'no'],
    ['--appendfsync', 'always'],
    ['--enable-debug-command', 'yes'],
    ['--maxmemory', String(options.maxMemoryBytes ?? 0)],
    ['--maxmemory-policy', 'noeviction'],
  ]
}

/** Spawns the server and resolves when it says that it is ready. */
async function launch(args: readonly string[]): Promise<ChildProcess> {
  const sentinelFile = args.includes('--sentinel') ? args[0] : undefined
  if (sentinelFile) await writeFile(sentinelFile, '', { flag: 'a' })
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const endWithUs = () => child.kill('SIGKILL')
  process.once('exit', endWithUs)
  child.once('exit', () => process.removeListener('exit', endWithUs))
  const said: string[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`redis-server ${why}:\n${said.slice(-8).join('\n')}`))
      const timer = setTimeout(() => fail('did not get ready'), START_TIMEOUT_MS)
      const hear = (line: string) => {
        said.push(line)
        if (!READY.test(line)) return
        clearTimeout(timer)
        resolve()
      }
      createInterface(child.stdout!).on('line', hear)
      createInterface(child.stderr!).on('line', hear)
      child.once('error', (error) => fail(`could not be started (${error.message})`))
      child.once('exit', () => fail('ended'))
    })
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
  child.unref()
  return child
}

function urlOf(options: RedisServerOptions, { dir, port }: Running): string {
  const auth = options.password ? `:${encodeURIComponent(options.password)}@` : ''
  if (options.unixSocket) return `unix://${auth}${join(dir, 'redis.sock')}`
  return `${options.tls ? 'rediss' : 'redis'}://${auth}127.0.0.1:${port}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

/** redis-cli without a password on its command line; raw replies. */
async function oneCommand(options: RedisServerOptions, running: Running, words: string[]): Promise<string> {
  const where = options.unixSocket
    ? ['-s', join(running.dir, 'redis.sock')]
    : ['-h', '127.0.0.1', '-p', String(running.port)]
  const tls = options.tls ? ['--tls', '--cacert', options.tls.ca] : []
  const env = { ...process.env, ...(options.password ? { REDISCLI_AUTH: options.password } : {}) }
  const child = spawn('redis-cli', ['--no-auth-warning', ...where, ...tls, ...words], { env })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(child, 'close')
  return Buffer.concat(chunks).toString().replace(/\n$/, '')
}

/** Whether something listens on a loopback port. */
export async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
