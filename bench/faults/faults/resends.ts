import { type Fault, needsServer } from '../fault.ts'

const CUTS = { full: 50, quick: 20 }
const MUTE_MS = { least: 1, most: 10 }

/** The client alone loses its connections, with answers on the way: a job that it sends again is there twice. */
export const resends: Fault = {
  name: 'resends',
  title: (isQuick) =>
    `client's connections cut ×${isQuick ? CUTS.quick : CUTS.full}, answers lost on the way; the worker's are sound`,
  inapplicable: needsServer,
  async run(scene) {
    const proxy = await scene.startProxy()
    const client = scene.startClient({ jobMs: 0, restMs: 2, url: proxy.url })
    scene.keepWorker()
    await scene.nextBegin()
    for (let cut = 0; cut < scene.times(CUTS.full, CUTS.quick); cut++) {
      await scene.pause(20, 200)
      proxy.muteAnswers()
      await scene.pause(MUTE_MS.least, MUTE_MS.most)
      proxy.cut()
    }
    await client.end('SIGTERM')
    return { doublesAreFromEnqueue: true }
  },
}
