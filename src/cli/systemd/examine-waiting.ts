import { adminOf, type JobPage, type QueueView } from '../../admin/index.ts'
import type { EpochMs } from '../../kernel/clock.ts'
import { counted, lengthOfTime } from '../operator/words.ts'
import type { Diagnosis, Examination } from './diagnosis.ts'
import { namesStore } from './examine-services.ts'

const START = 'start a worker that takes it: capstan work, or its service'
/** Of the schedule, earliest first: enough to tell what is overdue. */
const LOOK = { offset: 0, limit: 100 }

/** Jobs that wait because no worker runs that takes them, or moves them from the schedule to their queues; and queues that are none. */
export const examineWaiting: Examination = async (patient) => {
  const { runtime, store } = patient.session
  try {
    if (!(await namesStore(patient))) return []
    const admin = adminOf(runtime, await store('existing'))
    const [queues, workers] = await Promise.all([admin.queues(), admin.workers()])
    const working = workers.filter(({ state }) => state === 'working')
    const taken = new Set(working.flatMap((worker) => worker.queues))
    const who = working.length === 0 ? 'no worker runs' : 'no worker that runs takes it'
    const waiting = queues.filter(({ name, size }) => size > 0 && !taken.has(name))
    const found = [...queues.flatMap(broken), ...waiting.map((queue) => untaken(queue, who))]
    if (working.length > 0) return found
    const [scheduled, retries] = await Promise.all([admin.jobs('scheduled', LOOK), admin.jobs('retry', LOOK)])
    return [...found, ...[scheduled, retries].flatMap((page) => overdue(page, runtime.clock.now()))]
  } catch {
    // What is wrong with the store is said where the store is looked at.
    return []
  }
}

function broken({ name, broken: what }: QueueView): Diagnosis[] {
  if (what === undefined) return []
  const fix = 'see which program has written it (OBJECT IDLETIME, MONITOR), then RENAME or DEL that key'
  return [{ subject: `queue ${name}`, state: 'error', what, fix }]
}

function untaken({ name, size, latencyMs }: QueueView, who: string): Diagnosis {
  const since = latencyMs === null ? '' : `, the oldest for ${lengthOfTime(latencyMs)}`
  const what = `${counted(size, 'job')} waiting${since}: ${who}`
  return { subject: `queue ${name}`, state: 'warning', what, fix: START }
}

/** With their classes: of one that no worker knew, nobody else tells once that worker has ended. */
function overdue({ place, jobs }: JobPage, now: EpochMs): Diagnosis[] {
  const due = jobs.filter(({ at }) => at !== null && at <= now)
  if (due.length === 0) return []
  const count = due.length < LOOK.limit ? counted(due.length, 'job') : `${LOOK.limit} jobs or more`
  const classes = [...new Set(due.map((job) => job.class ?? job.name))]
  const since = lengthOfTime(now - due[0]!.at!)
  const what = `${count} due, the first for ${since} (${classes.join(', ')}): no worker runs that would move them to their queues`
  return [{ subject: place, state: 'warning', what, fix: 'start a worker: capstan work, or its service' }]
}
