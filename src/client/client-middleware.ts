import type { Definition } from '../job/definition.ts'

/** A job on its way into the store. Middleware may change what is not readonly. */
export interface PendingJob {
  readonly definition: Definition
  readonly args: readonly unknown[]
  readonly jid: string
  queue: string
  context: Readonly<Record<string, unknown>> | null
}

/**
 * Runs around each job that is enqueued, in the order given, each around the next. A middleware that does not
 * call `next` keeps the job out of the store; the caller of `enqueue` then gets null.
 */
export type ClientMiddleware = (job: PendingJob, next: () => Promise<void>) => Promise<void> | void

/** Whether the job got through all of them. */
export async function passes(chain: readonly ClientMiddleware[], job: PendingJob): Promise<boolean> {
  let passed = false
  const step = async (index: number): Promise<void> => {
    const middleware = chain[index]
    if (middleware === undefined) passed = true
    else await middleware(job, () => step(index + 1))
  }
  await step(0)
  return passed
}
