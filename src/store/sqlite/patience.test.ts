import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type MonoMs, systemClock } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { patiently } from './patience.ts'

const busy = () => Object.assign(new Error('locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })

/** A clock on which every sleep is over at once, having taken its time. */
function quickRuntime(onSleep = (_sleptMs: number) => {}) {
  let nowMs = 0
  const clock = {
    ...systemClock,
    now: () => nowMs,
    mono: () => nowMs as MonoMs,
    sleep: async (ms: number) => {
      nowMs += ms
      onSleep(nowMs)
    },
  }
  return { clock, random: seededRandom(7), logger: silentLogger }
}

const open = () => new AbortController().signal

describe('patiently', () => {
  test('tries again until the lock is free', async () => {
    let attempts = 0
    const result = await patiently(quickRuntime(), open(), () => {
      attempts += 1
      if (attempts < 4) throw busy()
      return 'done'
    })
    assert.deepEqual([result, attempts], ['done', 4])
  })

  test('gives up with the last error after five seconds', async () => {
    const runtime = quickRuntime()
    const error = busy()
    const attempt = () => {
      throw error
    }
    await assert.rejects(patiently(runtime, open(), attempt), (thrown) => thrown === error)
    assert.ok(runtime.clock.mono() >= 5_000 && runtime.clock.mono() < 5_050, `${runtime.clock.mono()}`)
  })

  test('does not repeat what failed for another reason', async () => {
    let attempts = 0
    const attempt = () => {
      attempts += 1
      throw new TypeError('no')
    }
    await assert.rejects(patiently(quickRuntime(), open(), attempt), TypeError)
    assert.equal(attempts, 1)
  })

  test('ends as store.closed when the store is closed meanwhile', async () => {
    const closing = new AbortController()
    const runtime = quickRuntime((sleptMs) => sleptMs > 100 && closing.abort())
    const attempt = () => {
      throw busy()
    }
    await assert.rejects(
      patiently(runtime, closing.signal, attempt),
      (error: unknown) => error instanceof StoreError && error.code === 'store.closed',
    )
  })
})
