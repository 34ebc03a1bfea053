import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { chown, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { MeteredServer, ServerReading } from './server.ts'

const run = promisify(execFile)
const START_TRIES = 100
const POLL_MS = 50
const TICK_US = 10_000 // of the times in /proc, everywhere on Linux

/** PostgreSQL's own default: every commit waits for the disk. */
export const POSTGRES_DURABILITY = 'every commit synced'

/** Folder of PostgreSQL's programs; null where it is not installed. Debian keeps them off the PATH. */
export function postgresPrograms(): string | null {
  const folders = globSync('/usr/lib/postgresql/*/bin').filter((folder) => existsSync(join(folder, 'initdb')))
  return folders.sort().at(-1) ?? null
}

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

  static async start(programs: string, directory: string): Promise<PostgresServer> {
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
    const end = async () => {
      const exited = once(child, 'exit')
      child.kill('SIGINT')
      await exited
    }
    const server = new PostgresServer({ address, pid: child.pid!, psql: join(programs, 'psql'), end })
    await server.#answers()
    return server
  }

  async read(): Promise<ServerReading> {
    const counted = 'select sum(xact_commit + xact_rollback) from pg_stat_database'
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

  /** Of the server, its processes, and those that have ended. */
  #cpuUs(): number {
    const children = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'utf8').trim().split(' ')
    const own = times(this.#pid)
    const ticks = own.own + own.ended + children.reduce((sum, pid) => sum + times(Number(pid)).own, 0)
    return ticks * TICK_US
  }
}

function times(pid: number): { own: number; ended: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    return { own: fields[11]! + fields[12]!, ended: fields[13]! + fields[14]! }
  } catch {
    return { own: 0, ended: 0 }
  }
}

async function postgresUser(): Promise<{ uid?: number; gid?: number }> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => (await run('id', [flag, 'postgres'])).stdout),
  )
  return { uid: Number(uid), gid: Number(gid) }
}
