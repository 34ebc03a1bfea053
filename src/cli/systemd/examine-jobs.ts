import { adminOf, type UnknownJobsView, type WorkerView } from '../../admin/index.ts'
import { capsulesOf } from '../../config/check-config.ts'
import { loadJobs } from '../../config/load-jobs.ts'
import type { Registry } from '../../job/registry.ts'
import { messageOf, UsageError } from '../../kernel/errors.ts'
import type { CapsuleInfo } from '../../store/worker-record.ts'
import { fromNow, shellWord } from '../operator/words.ts'
import type { Session } from '../session.ts'
import { queueNames, unservedQueues, unservedText } from '../unserved-queues.ts'
import type { Diagnosis, Examination } from './diagnosis.ts'
import { namesStore } from './examine-services.ts'

/** Jobs that come back again and again because a worker does not know their class. */
export const examineUnknownJobs: Examination = async (patient) => {
  const { session } = patient
  try {
    if (!(await namesStore(patient))) return []
    const admin = adminOf(session.runtime, await session.store('existing'))
    const [met, workers] = await Promise.all([admin.unknownJobs(), admin.workers()])
    const kinds = Map.groupBy(met, (jobs) => JSON.stringify([jobs.class, jobs.queue]))
    return [...kinds.values()].map((jobs) => unknown(jobs, workers, session.runtime.clock.now()))
  } catch {
    // What is wrong with the store is said where the store is looked at.
    return []
  }
}

/** Whether the jobs of this project can be loaded, and whose queues neither its configuration nor a worker takes. */
export const examineJobs: Examination = async (patient) => {
  const { session } = patient
  if (!(await namesStore(patient))) return []
  const { config, directory } = await session.config()
  try {
    return unserved(await loadJobs(directory, config.jobs), capsulesOf(config), await workersOf(session))
  } catch (error) {
    // A machine that only deploys has no jobs.
    if (error instanceof UsageError && error.code === 'jobs.none') return []
    const fix = 'mend it: until then neither "capstan work" nor "capstan enqueue" begins'
    return [{ subject: 'jobs', state: 'error', what: messageOf(error), fix }]
  }
}

function unserved(
  jobs: Registry,
  capsules: readonly CapsuleInfo[],
  workers: readonly WorkerView[],
): Diagnosis[] {
  const taken = [...queueNames(capsules), ...workers.flatMap(({ queues }) => queues)]
  const found = unservedQueues(jobs, taken)
  if (found === null) return []
  const what = `${unservedText(found)}, which no worker takes: they wait`
  return [{ subject: 'queues', state: 'warning', what, fix: 'add to queues in the configuration' }]
}

/** None where the store cannot tell: what is wrong with it is said where the store is looked at. */
async function workersOf({ runtime, store }: Session): Promise<readonly WorkerView[]> {
  try {
    return await adminOf(runtime, await store('existing')).workers()
  } catch {
    return []
  }
}

/** @param met jobs of one class and queue, by worker: at least one */
function unknown(met: readonly UnknownJobsView[], workers: readonly WorkerView[], now: number): Diagnosis {
  const { class: name, queue } = met[0]!
  const count = met.reduce((sum, jobs) => sum + jobs.count, 0)
  const lastAt = Math.max(...met.map((jobs) => jobs.lastAt))
  const own = met.map(({ identity }) => identity)
  const mayKnow = workers.filter(
    ({ identity, state, queues }) => state === 'working' && queues.includes(queue) && !own.includes(identity),
  )
  return {
    subject: `jobs of class ${name} on queue ${queue}`,
    state: mayKnow.length === 0 ? 'warning' : 'note',
    what:
      `not known to ${own.join(', ')}, which gave back ${count}, the last ${fromNow(lastAt, now)}; ` +
      (mayKnow.length === 0
        ? 'no other worker serves the queue, so they wait'
        : `${mayKnow[0]!.identity} may know them`),
    fix:
      `define the job there, or serve ${queue} only with workers that know it; ` +
      `if the name is wrong: capstan jobs scheduled --class ${shellWord(name)}, then capstan delete JID`,
  }
}
