import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'

const BLOCKED_MS = 65_000
/** The blocker and the neighbours that are under way in the same worker. */
const NEIGHBOURS = { count: 9, jobMs: 300 }

/** A job holds the only thread of its worker for longer than any lease, while a second worker is there. */
export const blockedLoop: Fault = {
  name: 'blocked-loop',
  title: () => `event loop blocked for ${BLOCKED_MS / 1_000} s by a job, a second worker present`,
  isSlow: true,
  patienceMs: 240_000,
  inapplicable: ({ hasEventLoop }) => (hasEventLoop ? null : 'it has no event loop'),
  async run(scene) {
    const worker = scene.keepWorker()
    await scene.enqueue({ jobMs: BLOCKED_MS, kind: 'block', count: 1, prefix: 'jobBlocker' })
    scene.diary.readOn()
    if (!scene.diary.lines.some(({ pid }) => pid === worker.current.pid)) await scene.nextBegin()
    scene.keepWorker()
    await scene.enqueue({ ...NEIGHBOURS, prefix: 'jobBeside' })
    const client = scene.startClient({ jobMs: 100, restMs: 500 })
    await sleep(BLOCKED_MS)
    await client.end('SIGTERM')
    return {}
  },
}
