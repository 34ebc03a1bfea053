import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'

const GIB = 1024 ** 3

/** What a run was made on, and when. */
export interface Machine {
  /** `YYYY-MM-DD HH:MM UTC`. */
  readonly date: string
  readonly hardware: string
  readonly system: string
  /** Average number of processes that wanted to run, in the last minute and the last five, before anything was measured. */
  readonly load: string
}

/** Asked before a run: the run itself is load, too. */
export function machine(): Machine {
  const { 1: system } = /^PRETTY_NAME="(.*)"/m.exec(readFileSync('/etc/os-release', 'utf8')) ?? []
  const [lastMinute, lastFive] = loadavg()
  return {
    date: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    hardware: `${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / GIB)} GiB`,
    system: `${system ?? 'an unknown system'}, Linux ${release()}`,
    load: `${lastMinute!.toFixed(2)} and ${lastFive!.toFixed(2)}`,
  }
}

/** CPU time of all threads of a process so far, microseconds, counted in nanoseconds; 0 when it is gone. */
export function cpuUsOf(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    const ofThread = (thread: string) =>
      Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    return threads.reduce((sum, thread) => sum + ofThread(thread), 0) / 1_000
  } catch {
    return 0
  }
}
