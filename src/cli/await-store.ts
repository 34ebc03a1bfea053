import { StoreError } from '../kernel/errors.ts'
import type { StoreHealth } from '../store/inspection.ts'
import type { Store } from '../store/store.ts'
import type { Notify } from '../systemd/notify.ts'
import { EXTEND_TIMEOUT } from '../systemd/service-status.ts'
import type { Session } from './session.ts'

export interface AnsweringStore {
  readonly store: Store
  readonly health: StoreHealth
}

/** Short of the time by which each message extends systemd's patience. */
const AGAIN_MS = 1_000

/**
 * The store, once it answers.
 *
 * Under systemd a store that is away is waited for, however long: each failed start would count towards the start
 * limit, and past that nothing would start the worker when the store is back. A person at a terminal is told at once.
 *
 * @param notify null where no systemd listens
 * @throws StoreError, UsageError
 */
export async function awaitStore(session: Session, notify: Notify | null): Promise<AnsweringStore> {
  for (let tries = 1; ; tries++) {
    try {
      const store = await session.store()
      return { store, health: await store.ping() }
    } catch (error) {
      if (notify === null || !(error instanceof StoreError) || !error.retryable) throw error
      if (tries === 1) session.runtime.logger.warn('waiting for the store', { error: error.message })
      notify(EXTEND_TIMEOUT, 'STATUS=waiting for the store')
      await session.runtime.clock.sleep(AGAIN_MS)
    }
  }
}
