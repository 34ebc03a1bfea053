import type { Fault } from '../fault.ts'

const INNOCENTS = { full: 2_000, quick: 400 }
const KILLER = 'killer'
/** A job that has ended its process so often is one that nobody stops. */
const MOST_CRASHES = 3

/** One job ends its process whenever it runs. */
export const killerJob: Fault = {
  name: 'killer-job',
  title: (isQuick) =>
    `a job that always kills its process among ${isQuick ? INNOCENTS.quick : INNOCENTS.full} innocents`,
  patienceMs: 150_000,
  interrupts: true,
  inapplicable: () => null,
  async run(scene) {
    const half = scene.times(INNOCENTS.full, INNOCENTS.quick) / 2
    await scene.enqueue({ jobMs: 10, count: half })
    await scene.enqueue({ jobMs: 10, kind: 'kill', count: 1, prefix: KILLER })
    await scene.enqueue({ jobMs: 10, count: half, prefix: 'jobAfter' })
    const worker = scene.keepWorker()
    await scene.quiet(150_000)
    const crashes = scene.diary.lines.filter(({ id }) => id.startsWith(KILLER)).length
    const isKept = (await scene.site.failed()).some((id) => id.startsWith(KILLER))
    return {
      note: `killer ran ×${crashes}, took ${worker.restarts} workers along, ${isKept ? 'kept as failed' : 'is gone'}`,
      broken: [
        ...(crashes > MOST_CRASHES ? [`the killer ran ${crashes} times`] : []),
        ...(isKept ? [] : ['the killer is not in the dead set']),
      ],
    }
  },
}
