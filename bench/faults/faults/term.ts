import type { Fault } from '../fault.ts'
import { STOP_TIMEOUT_S } from '../system.ts'

const STOPS = { full: 20, quick: 3 }
/** Half as long again as a stopping worker waits: few that run at a stop can end before it gives up. */
const JOB_MS = STOP_TIMEOUT_S * 1_500

/**
 * Deploys, one after the other, while the jobs are too long for any of them. The other worker is up: what is handed
 * back too early begins there while it still runs here.
 */
export const term: Fault = {
  name: 'term',
  title: (isQuick) =>
    `SIGTERM ×${isQuick ? STOPS.quick : STOPS.full}, to two workers in turn, under jobs of ${JOB_MS / 1_000} s, with ${STOP_TIMEOUT_S} s to stop`,
  patienceMs: 150_000,
  interrupts: true,
  inapplicable: () => null,
  async run(scene) {
    const client = scene.startClient({ jobMs: JOB_MS, restMs: JOB_MS })
    const workers = [scene.keepWorker(), scene.keepWorker()]
    for (let stops = 0; stops < scene.times(STOPS.full, STOPS.quick); stops++) {
      const worker = workers[stops % workers.length]!
      await scene.nextBegin(worker.current.pid)
      await scene.pause(50, 400)
      await worker.current.end('SIGTERM')
    }
    await client.end('SIGTERM')
    return {}
  },
}
