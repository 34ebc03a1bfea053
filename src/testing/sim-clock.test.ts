import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import { SimClock } from './sim-clock.ts'

const START = Date.UTC(2025, 0, 1)

const codeIs = (code: string) => (error: unknown) => error instanceof UsageError && error.code === code

describe('SimClock', () => {
  test('what is due after a time happens then, unless it was called off', async () => {
    const clock = new SimClock()
    const happened: number[] = []
    clock.after(100, () => happened.push(clock.mono()))
    clock.after(50, () => happened.push(-1))()
    clock.skewed(1_000).after(200, () => happened.push(clock.mono()))
    await clock.advance(150)
    assert.deepEqual(happened, [100])
    await clock.advance(150)
    assert.deepEqual(happened, [100, 200])
    assert.equal(clock.sleeping, 0)
  })

  test('time stands still until it is advanced', async () => {
    const clock = new SimClock({ startAt: START })
    assert.deepEqual([clock.now(), clock.mono()], [START, 0])
    await clock.advance(250)
    assert.deepEqual([clock.now(), clock.mono()], [START + 250, 250])
  })

  test('an advance takes a text, and refuses what is no length of time before any has passed', async () => {
    const clock = new SimClock()
    await clock.advance('1.5s')
    assert.equal(clock.mono(), 1_500)
    for (const wrong of ['10 minutes', -1, Number.NaN, Number.POSITIVE_INFINITY, undefined]) {
      const advance = clock.advance(wrong as number)
      await assert.rejects(advance, {
        code: 'options.duration',
        message: /^clock\.advance: expected milliseconds/,
      })
    }
    assert.equal(clock.mono(), 1_500)
  })

  test('a sleeper wakes at its moment and not 1 ms earlier', async () => {
    const clock = new SimClock()
    let awake = false
    const slept = clock.sleep(100).then(() => {
      awake = true
    })
    await clock.advance(99)
    assert.equal(awake, false)
    await clock.advance(1)
    assert.equal(awake, true)
    await slept
  })

  test('sleepers wake in the order of their moments, those of one moment in the order of falling asleep', async () => {
    const clock = new SimClock({ startAt: START })
    const woken: string[] = []
    const sleeper = async (name: string, ms: number) => {
      await clock.sleep(ms)
      woken.push(`${name}@${clock.now() - START}`)
    }
    const all = [sleeper('c', 30), sleeper('a', 10), sleeper('b', 10), sleeper('zero', 0)]
    await clock.advance(30)
    await Promise.all(all)
    assert.deepEqual(woken, ['zero@0', 'a@10', 'b@10', 'c@30'])
  })

  test('what a wake-up sets going settles before the next one, also through setImmediate', async () => {
    const clock = new SimClock()
    const trace: string[] = []
    const first = (async () => {
      await clock.sleep(10)
      for (let depth = 0; depth < 500; depth++) await null
      await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      trace.push('first settled')
    })()
    const second = clock.sleep(10).then(() => trace.push('second woke'))
    await clock.advance(10)
    await Promise.all([first, second])
    assert.deepEqual(trace, ['first settled', 'second woke'])
  })

  test('one who falls asleep on the way is woken by the same advance', async () => {
    const clock = new SimClock({ startAt: START })
    const beats: number[] = []
    const beating = (async () => {
      for (let beat = 0; beat < 4; beat++) {
        await clock.sleep(10)
        beats.push(clock.now() - START)
      }
    })()
    await clock.advance(35)
    assert.deepEqual(beats, [10, 20, 30])
    assert.equal(clock.now(), START + 35)
    await clock.advance(5)
    await beating
    assert.deepEqual(beats, [10, 20, 30, 40])
  })

  test('an abort ends a sleep at once, and an aborted signal does not let one begin', async () => {
    const clock = new SimClock()
    const stop = new AbortController()
    const slept = clock.sleep(1_000, stop.signal)
    assert.equal(clock.sleeping, 1)
    stop.abort()
    await slept
    await clock.sleep(1_000, stop.signal)
    assert.equal(clock.sleeping, 0)
    assert.equal(clock.mono(), 0)
  })

  test('an abort ends the sleep it belongs to and no other', async () => {
    const clock = new SimClock()
    const stop = new AbortController()
    let isAwake = false
    const sooner = clock.sleep(10).then(() => {
      isAwake = true
    })
    const later = clock.sleep(1_000, stop.signal)
    stop.abort()
    await later
    assert.deepEqual([clock.sleeping, isAwake], [1, false])
    await clock.advance(10)
    await sooner
    assert.equal(clock.sleeping, 0)
  })

  test('no listener stays behind on a signal that outlives many sleeps', async () => {
    const clock = new SimClock()
    const longLived = new AbortController()
    for (let sleep = 0; sleep < 100; sleep++) {
      const slept = clock.sleep(1, longLived.signal)
      await clock.advance(1)
      await slept
    }
    assert.equal(getEventListeners(longLived.signal, 'abort').length, 0)
  })

  test('a skewed clock shows another wall time and passes with the same time', async () => {
    const clock = new SimClock({ startAt: START })
    const other = clock.skewed(-7_000)
    const slept = other.sleep(50)
    await clock.advance(50)
    await slept
    assert.deepEqual([other.now(), other.mono()], [START - 7_000 + 50, 50])
  })
})

describe('SimClock.run', () => {
  test('advances from sleeper to sleeper until the promise settles, and no further', async () => {
    const clock = new SimClock({ startAt: START })
    const stop = new AbortController()
    const outlasting = clock.sleep(90_000_000, stop.signal)
    const work = (async () => {
      await clock.sleep(3_600_000)
      await clock.sleep(1)
      return 'done'
    })()
    assert.equal(await clock.run(work), 'done')
    assert.equal(clock.now(), START + 3_600_001)
    stop.abort()
    await outlasting
  })

  test('passes on a rejection', async () => {
    const clock = new SimClock()
    const work = clock.sleep(5).then(() => {
      throw new RangeError('by the work')
    })
    await assert.rejects(clock.run(work), RangeError)
  })

  test('waits for an answer from outside while nobody sleeps', async () => {
    const clock = new SimClock()
    const turns = async () => {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
      await clock.sleep(10)
      return clock.mono()
    }
    assert.equal(await clock.run(turns()), 10)
  })

  test('says so when nobody sleeps and nothing settles', async () => {
    await assert.rejects(new SimClock().run(new Promise(() => undefined)), codeIs('sim_clock.stuck'))
  })

  test('stops at its bound of simulated time and at its bound of wake-ups', async () => {
    const clock = new SimClock()
    const stop = new AbortController()
    const ticking = (async () => {
      while (!stop.signal.aborted) await clock.sleep(1_000, stop.signal)
    })()
    await assert.rejects(clock.run(ticking, { forMs: 5_999 }), codeIs('sim_clock.bound'))
    assert.equal(clock.mono(), 5_000)
    await assert.rejects(clock.run(ticking, { wakeUps: 3 }), codeIs('sim_clock.bound'))
    assert.equal(clock.mono(), 8_000)
    stop.abort()
    await ticking
  })
})
