import type { JobContext } from '../job/definition.ts'
import type { Payload } from '../job/payload.ts'

/** What worker middleware sees of a run. */
export interface JobRun {
  readonly payload: Payload
  readonly context: JobContext
}

/**
 * Runs around each job, in the order given, each around the next. What `next` rejects with is the job's
 * failure; a middleware may handle it, replace it, or let it pass. A job whose `next` is never called counts
 * as done.
 */
export type WorkerMiddleware = (run: JobRun, next: () => Promise<unknown>) => Promise<unknown>

/** The whole chain around `body`, as one call. What the job returned counts even if a middleware returns nothing. */
export async function around(
  chain: readonly WorkerMiddleware[],
  run: JobRun,
  body: () => unknown,
): Promise<unknown> {
  let returned: unknown
  const step = async (index: number): Promise<unknown> => {
    const middleware = chain[index]
    if (middleware !== undefined) return middleware(run, () => step(index + 1))
    returned = await body()
    return returned
  }
  return (await step(0)) ?? returned
}
