import { type Fault, needsServer } from '../fault.ts'

const JOBS = { full: 3_000, quick: 800 }
const PATIENCE_MS = 30_000

/** The worker is started when the server has no memory left: only by taking jobs can it make room. */
export const fullMemory: Fault = {
  name: 'full-memory',
  title: (isQuick) =>
    `worker started on a full Redis (maxmemory) of ${isQuick ? JOBS.quick : JOBS.full} jobs`,
  patienceMs: 5_000,
  interrupts: true,
  inapplicable: needsServer,
  async run(scene) {
    const server = scene.site.server!
    await scene.enqueue({ jobMs: 0, count: scene.times(JOBS.full, JOBS.quick) })
    await server.command('CONFIG', 'SET', 'maxmemory', '1')
    scene.keepWorker()
    const isDrained = await scene.quiet(PATIENCE_MS)
    await server.command('CONFIG', 'SET', 'maxmemory', '0')
    return {
      note: isDrained ? 'drained while full' : `not drained within ${PATIENCE_MS / 1_000} s`,
      broken: isDrained ? [] : ['a worker on a full Redis did not drain it'],
    }
  },
}
