import { type Fault, needsServer } from '../fault.ts'
import { STEADY_LOAD } from './steady-load.ts'

const CUTS = { full: 50, quick: 15 }
/** For how long answers vanish before the line is seen to be cut. */
const MUTE_MS = { least: 1, most: 30 }

/** Worker and client lose their connections, some with answers on the way, some by the server's hand. */
export const cuts: Fault = {
  name: 'cuts',
  title: (isQuick) =>
    `connections of worker and client cut ×${isQuick ? CUTS.quick : CUTS.full} (a third each: cut, answers lost, CLIENT KILL)`,
  interrupts: true,
  inapplicable: needsServer,
  async run(scene) {
    const server = scene.site.server!
    const proxy = await scene.startProxy()
    const client = scene.startClient({ ...STEADY_LOAD, url: proxy.url })
    scene.keepWorker({ url: proxy.url })
    await scene.nextBegin()
    for (let cut = 0; cut < scene.times(CUTS.full, CUTS.quick); cut++) {
      await scene.pause(50, 500)
      const kind = scene.random.float() * 3
      if (kind < 1) await server.command('CLIENT', 'KILL', 'TYPE', 'normal')
      else {
        if (kind < 2) {
          proxy.muteAnswers()
          await scene.pause(MUTE_MS.least, MUTE_MS.most)
        }
        proxy.cut()
      }
    }
    await client.end('SIGTERM')
    return {}
  },
}
