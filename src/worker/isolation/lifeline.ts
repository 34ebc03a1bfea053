import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

// The body of a thread beside the main thread of a cell process; see cell-channel.ts.

/** An orphan is to be gone about as soon as its job may run elsewhere, which takes a new worker some seconds. */
const LOOK_MS = 1_000

/** Time for the main thread to see the line cut and to end by itself. */
const GRACE_MS = 1_000

const { parentPid } = workerData as { parentPid: number }
const never = new Int32Array(new SharedArrayBuffer(4))

/** Fields 1 and 4 of /proc/self/stat; null where there is no such file, and nothing is looked after. */
function pids(): { own: string; parent: number } | null {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8')
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    return { own: stat.slice(0, stat.indexOf(' ')), parent }
  } catch {
    return null
  }
}

let seen = pids()
while (seen !== null && seen.parent === parentPid) {
  Atomics.wait(never, 0, 0, LOOK_MS)
  seen = pids()
}
if (seen !== null) {
  Atomics.wait(never, 0, 0, GRACE_MS)
  spawnSync('kill', ['-KILL', seen.own])
}
