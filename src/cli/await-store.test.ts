import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError, UsageError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Store } from '../store/store.ts'
import { awaitStore } from './await-store.ts'
import type { Session } from './session.ts'

const away = new StoreError('store.not_stored', 'connection refused', { retryable: true })
const store = { ping: async () => ({ location: 'here' }) } as unknown as Store

/** A session whose store fails in these ways before it answers, and what was told meanwhile. */
function scene(failures: readonly unknown[]) {
  const told: string[] = []
  const waiting = [...failures]
  const logger = { warn: (message: string) => told.push(message) } as unknown as Logger
  const session = {
    runtime: { logger, clock: { sleep: async (ms: number) => told.push(`slept ${ms}`) } },
    store: async () => {
      if (waiting.length > 0) throw waiting.shift()
      return store
    },
  } as unknown as Session
  return { session, told, notify: (...words: string[]) => void told.push(words.join(' ')) }
}

test('under systemd a store that is away is waited for, said once in the log and each time to systemd', async () => {
  const { session, told, notify } = scene([away, away])
  assert.equal((await awaitStore(session, notify)).store, store)
  const toSystemd = 'EXTEND_TIMEOUT_USEC=5000000 STATUS=waiting for the store'
  assert.deepEqual(told, ['waiting for the store', toSystemd, 'slept 1000', toSystemd, 'slept 1000'])
})

test('a person is told at once', async () => {
  const { session } = scene([away])
  await assert.rejects(awaitStore(session, null), { code: 'store.not_stored' })
})

test('what waiting does not mend is no reason to wait', async () => {
  for (const error of [new UsageError('options.url', 'no'), new StoreError('store.version', 'too old')]) {
    const { session, notify } = scene([error])
    await assert.rejects(awaitStore(session, notify), error)
  }
})
