import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cpuUsOf } from '../machine.ts'
import type { MeteredServer, ServerReading } from './server.ts'

const run = promisify(execFile)
const START_TRIES = 100
const POLL_MS = 50
const TICK_US = 10_000 // of the times in /proc, everywhere on Linux

/** Its own default: every commit waits for the disk. */
export const POSTGRES_DURABILITY = 'every commit synced'

/** Folders of PostgreSQL's programs, the newest last. Debian keeps them off the PATH. */
const programFolders = (): string[] =>
  globSync('/usr/lib/postgresql/*/bin')
    .filter((folder) => existsSync(join(folder, 'initdb')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))

export const hasPostgres = (): boolean => programFolders().length > 0

/** A PostgreSQL of the benchmark's own, on a unix socket, with its defaults but for more shared memory. */
export class PostgresServer implements MeteredServer {
  readonly address: string
  readonly #pid: number
  readonly #psql: string
  readonly #end: () => Promise<void>

  private constructor(params: { address: string; pid: number; psql: string; end: () => Promise<void> }) {
    this.address = params.address
    this.#pid = params.pid
    this.#psql = params.psql
    this.#end = params.end
  }

  static async start(directory: string): Promise<PostgresServer> {
    const programs = programFolders().at(-1)!
    const address = join(directory, 'postgres')
    const data = join(address, 'data')
    await mkdir(address)
    // It refuses to run as root.
    const user = process.getuid?.() === 0 ? await postgresUser() : {}
    if (user.uid !== undefined && user.gid !== undefined) await chown(address, user.uid, user.gid)
    const initdb = ['-D', data, '-U', 'bench', '-A', 'trust', '-E', 'UTF8', '--no-sync']
    await run(join(programs, 'initdb'), initdb, user)
    const settings = ['-c', 'listen_addresses=', '-c', 'shared_buffers=512MB', '-c', 'max_connections=200']
    const child = spawn(join(programs, 'postgres'), ['-D', data, '-k', address, ...settings], {
      ...user,
      stdio: 'ignore',
    })
    // However this process ends, the server ends with it, at once.
    const endWithUs = () => child.kill('SIGQUIT')
    process.prependOnceListener('exit', endWithUs)
    const end = async () => {
      process.removeListener('exit', endWithUs)
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      await exited
    }
    const server = new PostgresServer({ address, pid: child.pid!, psql: join(programs, 'psql'), end })
    await server.#answers()
    return server
  }

  async read(): Promise<ServerReading> {
    // The server's own statistics lag by up to ten seconds; numbers of transactions are given out at once.
    const counted = 'select pg_snapshot_xmax(pg_current_snapshot())'
    return {
      cpuUs: this.#cpuUs(),
      commands: Number(await this.#query(counted)),
      roundTrips: null,
      bytes: null,
    }
  }

  /** Writes dirty pages out, so that one measure does not weigh on the next. Each system empties its own tables. */
  async clear(): Promise<void> {
    await this.#query('checkpoint')
  }

  async version(): Promise<string> {
    return this.#query('show server_version')
  }

  stop(): Promise<void> {
    return this.#end()
  }

  async #answers(): Promise<void> {
    for (let i = 0; ; i++) {
      try {
        await this.#query('select 1')
        return
      } catch (error) {
        if (i === START_TRIES) throw error
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
    }
  }

  async #query(sql: string): Promise<string> {
    const { stdout } = await run(this.#psql, [
      '-h',
      this.address,
      '-U',
      'bench',
      '-At',
      '-c',
      sql,
      'postgres',
    ])
    return stdout.trim()
  }

  /** Of the server, its processes, and those that have ended: only of these is the time in ticks, and of all at once. */
  #cpuUs(): number {
    const children = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'utf8').trim().split(' ')
    return [this.#pid, ...children.map(Number)].map(cpuUsOf).reduce((sum, us) => sum + us, endedUs(this.#pid))
  }
}

/** CPU time of the children of a process that have ended. */
function endedUs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name, in parentheses, may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * TICK_US
}

async function postgresUser(): Promise<{ uid?: number; gid?: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout),
  )
  return { uid: Number(uid), gid: Number(gid) }
}
