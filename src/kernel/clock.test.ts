import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { systemClock } from './clock.ts'

describe('systemClock', () => {
  test('wall time is milliseconds since 1970', () => {
    const before = Date.now()
    const now = systemClock.now()
    assert.ok(before <= now && now <= Date.now())
  })

  test('monotonic time never goes back, and a sleep lets it pass', async () => {
    const before = systemClock.mono()
    await systemClock.sleep(2)
    // A timer may fire a fraction of a millisecond early by the finer clock.
    assert.ok(systemClock.mono() - before >= 1)
  })

  test('an abort ends a sleep at once and leaves no listener behind', async () => {
    const stop = new AbortController()
    const slept = systemClock.sleep(3_600_000, stop.signal)
    assert.equal(getEventListeners(stop.signal, 'abort').length, 1)
    stop.abort()
    await slept
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  })

  test('a sleep that ends by itself leaves no listener behind', async () => {
    const stop = new AbortController()
    await systemClock.sleep(1, stop.signal)
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  })

  test('a signal that has aborted does not let a sleep begin', async () => {
    await systemClock.sleep(3_600_000, AbortSignal.abort())
  })

  test('what is due after a time happens, unless it was called off', async () => {
    const happened: string[] = []
    const callOff = systemClock.after(1, () => happened.push('called off'))
    callOff()
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => {
        happened.push('due')
        resolve()
      })
    })
    assert.deepEqual(happened, ['due'])
    callOff()
  })
})
