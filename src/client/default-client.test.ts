import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'
import { defaultClient, setDefaultClient } from './default-client.ts'

describe('defaultClient', () => {
  afterEach(() => setDefaultClient(null))

  const missing = (error: unknown) => error instanceof UsageError && error.code === 'client.missing'

  test('is the one that was set last, until it is taken away', () => {
    const [first, second] = [{} as Client, {} as Client]
    setDefaultClient(first)
    setDefaultClient(second)
    assert.equal(defaultClient(), second)
    setDefaultClient(null)
    assert.throws(defaultClient, missing)
  })

  test('without one, the error says what to call', () => {
    assert.throws(defaultClient, missing)
    assert.throws(defaultClient, /call `await connect\(\)`/)
  })
})
