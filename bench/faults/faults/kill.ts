import type { Fault } from '../fault.ts'
import { STEADY_LOAD } from './steady-load.ts'

const KILLS = { full: 20, quick: 3 }

/** The worker dies at once, without a word, in the middle of its jobs. */
export const kill: Fault = {
  name: 'kill',
  title: (isQuick) => `worker killed with SIGKILL ×${isQuick ? KILLS.quick : KILLS.full}, restarted at once`,
  interrupts: true,
  inapplicable: () => null,
  async run(scene) {
    const client = scene.startClient(STEADY_LOAD)
    const worker = scene.keepWorker()
    for (let kills = 0; kills < scene.times(KILLS.full, KILLS.quick); kills++) {
      await scene.nextBegin()
      await scene.pause(50, 800)
      await worker.current.end('SIGKILL')
    }
    await client.end('SIGTERM')
    return {}
  },
}
