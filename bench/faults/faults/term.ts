import type { Fault } from '../fault.ts'
import { STOP_TIMEOUT_S } from '../system.ts'

const STOPS = { full: 20, quick: 4 }
/** Half as long again as a stopping worker waits: few that run at a stop can end before it gives up. */
const JOB_MS = STOP_TIMEOUT_S * 1_500
const JOBS = 40

/** Deploys, one after the other, while the jobs are too long for any of them. */
export const term: Fault = {
  name: 'term',
  title: (isQuick) =>
    `SIGTERM ×${isQuick ? STOPS.quick : STOPS.full} under jobs of ${JOB_MS / 1_000} s, with ${STOP_TIMEOUT_S} s to stop`,
  patienceMs: 150_000,
  interrupts: true,
  inapplicable: () => null,
  async run(scene) {
    await scene.enqueue({ jobMs: JOB_MS, count: JOBS })
    const worker = scene.keepWorker()
    for (let stops = 0; stops < scene.times(STOPS.full, STOPS.quick); stops++) {
      if (!(await scene.nextBegin(worker.current.pid))) break
      await scene.pause(50, 400)
      await worker.current.end('SIGTERM')
    }
    return {}
  },
}
