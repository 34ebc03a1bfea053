import type { UnknownJobs, WithUnknownJobs } from '../job/unknown-jobs.ts'
import type { Store } from '../store/store.ts'
import type { WorkerInfo } from '../store/worker-record.ts'

/** Jobs that a worker met and could not run, with the worker. */
export interface UnknownJobsView extends UnknownJobs {
  readonly identity: string
}

/** What the registered workers say that they do not know, by class. */
export async function unknownJobsViews(store: Store): Promise<UnknownJobsView[]> {
  const infos: Array<WorkerInfo & WithUnknownJobs> = (await store.workers()).map(({ info }) => info)
  const views = infos.flatMap(({ identity, unknownJobs = [] }) =>
    unknownJobs.map((jobs) => ({ ...jobs, identity })),
  )
  return views.sort((one, other) => (one.class < other.class ? -1 : 1))
}
