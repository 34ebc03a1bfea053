import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningWorker } from '../system.ts'

/** So many loops side by side; each takes and runs jobs, and says whether there were any. */
export function startLanes(count: number, takeAndRun: () => Promise<boolean>): RunningWorker {
  let stopped = false
  const lane = async () => {
    while (!stopped) if (!(await takeAndRun())) await sleep(1)
  }
  const lanes = Array.from({ length: count }, lane)
  return {
    async stop() {
      stopped = true
      await Promise.all(lanes)
    },
  }
}
