import { AsyncLocalStorage } from 'node:async_hooks'

/** Values that travel with a job from where it is enqueued to where it runs. JSON, like arguments. */
export type ContextValues = Readonly<Record<string, unknown>>

const storage = new AsyncLocalStorage<ContextValues>()

/**
 * Runs `work` with `values` added to the context. Every job enqueued inside carries them and runs inside the
 * same context: a tenant, a request id, a locale.
 */
export function withContext<Result>(values: ContextValues, work: () => Result): Result {
  return storage.run({ ...storage.getStore(), ...values }, work)
}

/** The values around the running code; empty when there are none. */
export function currentContext(): ContextValues {
  return storage.getStore() ?? NOTHING
}

const NOTHING: ContextValues = Object.freeze({})
