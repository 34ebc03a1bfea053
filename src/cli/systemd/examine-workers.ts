import { adminOf } from '../../admin/index.ts'
import { DEAD, type SeenWorker, seenWorkers } from '../operator/seen-workers.ts'
import { counted, fromNow, shellWord } from '../operator/words.ts'
import type { Diagnosis, Examination } from './diagnosis.ts'
import { namesStore } from './examine-services.ts'

const START = 'start a worker, which recovers them: capstan work, or its service'

/** Workers that are gone and still hold jobs, as after a kill -9 with no other worker to recover them. */
export const examineWorkers: Examination = async (patient) => {
  const { runtime, store } = patient.session
  try {
    if (!(await namesStore(patient))) return []
    const opened = await store('existing')
    const workers = await seenWorkers(adminOf(runtime, opened), opened)
    const isAnyUp = workers.some((worker) => !isLost(worker))
    const holding = workers.filter((worker) => isLost(worker) && worker.running.length > 0)
    return holding.map((worker) => lost(worker, { isAnyUp, now: runtime.clock.now() }))
  } catch {
    // What is wrong with the store is said where the store is looked at.
    return []
  }
}

function isLost({ state }: SeenWorker): boolean {
  return state === DEAD || state === 'silent'
}

/** @param isAnyUp whether a worker is up, which recovers the jobs by itself */
function lost(worker: SeenWorker, { isAnyUp, now }: { isAnyUp: boolean; now: number }): Diagnosis {
  const { identity, hostname, pid, state, beatAt, running } = worker
  const how = state === DEAD ? 'dead: its process is gone from this host' : 'silent: presumed dead'
  const recover = `capstan recover ${shellWord(identity)}`
  return {
    subject: `worker ${hostname}:${pid}`,
    state: isAnyUp ? 'note' : 'warning',
    what: `${how}; last heard of ${fromNow(beatAt, now)}, and holds ${counted(running.length, 'job')}`,
    fix: isAnyUp
      ? `none is needed: a worker that is up recovers them; at once: ${recover}`
      : `${START}; or: ${recover}`,
  }
}
