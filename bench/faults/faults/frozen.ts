import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'

const FROZEN_MS = 60_000

/** A worker stands still for a minute (a debugger, a suspended machine) while a second one is there. */
export const frozen: Fault = {
  name: 'frozen',
  title: () => `worker stopped with SIGSTOP for ${FROZEN_MS / 1_000} s, a second worker present`,
  isSlow: true,
  patienceMs: 240_000,
  inapplicable: () => null,
  async run(scene) {
    const first = scene.keepWorker()
    const client = scene.startClient({ jobMs: 400, restMs: 500 })
    await scene.nextBegin(first.current.pid)
    scene.keepWorker()
    await scene.pause(500, 1_500)
    first.current.signal('SIGSTOP')
    await sleep(FROZEN_MS)
    first.current.signal('SIGCONT')
    await client.end('SIGTERM')
    return {}
  },
}
