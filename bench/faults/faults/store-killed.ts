import { type Fault, needsServer } from '../fault.ts'
import { STEADY_LOAD } from './steady-load.ts'

const KILLS = { full: 5, quick: 3 }

/** The store dies and comes back with all that it had answered for (appendfsync always). */
export const storeKilled: Fault = {
  name: 'store-killed',
  title: (isQuick) => `store killed with SIGKILL ×${isQuick ? KILLS.quick : KILLS.full} and started again`,
  interrupts: true,
  inapplicable: needsServer,
  async run(scene) {
    const server = scene.site.server!
    const client = scene.startClient(STEADY_LOAD)
    scene.keepWorker()
    for (let kills = 0; kills < scene.times(KILLS.full, KILLS.quick); kills++) {
      await scene.nextBegin()
      await scene.pause(300, 1_500)
      await server.kill()
      await scene.pause(200, 2_500)
      await server.restart()
      scene.returns.push(Date.now())
    }
    await scene.nextBegin()
    await client.end('SIGTERM')
    return {}
  },
}
