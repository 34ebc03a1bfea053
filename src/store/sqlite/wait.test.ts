import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import type { MonoMs } from '../../kernel/clock.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { afterSleep } from '../../testing/after-sleep.ts'
import { Waits } from './wait.ts'

/** Time that passes only by `pass`. */
class HandClock {
  #nowMs = 0
  #sleepers: Array<{ dueMs: number; wake: () => void }> = []

  now = () => this.#nowMs
  mono = () => this.#nowMs as MonoMs

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) resolve()
      signal?.addEventListener('abort', () => resolve(), { once: true })
      this.#sleepers.push({ dueMs: this.#nowMs + ms, wake: resolve })
    })
  }

  after = afterSleep((ms, signal) => this.sleep(ms, signal))

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed++) {
      this.#nowMs += 1
      const due = this.#sleepers.filter(({ dueMs }) => dueMs <= this.#nowMs)
      this.#sleepers = this.#sleepers.filter(({ dueMs }) => dueMs > this.#nowMs)
      for (const { wake } of due) wake()
      if (due.length > 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** Signs that a test sets and rings by hand. */
class HandSigns {
  readonly filled = new Set<string>()
  looks = 0
  listening = 0
  ring = () => {}

  hasJobs(queues: readonly string[]): boolean {
    this.looks += 1
    return queues.some((queue) => this.filled.has(queue))
  }

  listen(heard: () => void): () => void {
    this.listening += 1
    this.ring = heard
    return () => {
      this.listening -= 1
    }
  }
}

function stage() {
  const clock = new HandClock()
  const signs = new HandSigns()
  const waits = new Waits({ clock, random: seededRandom(1), logger: silentLogger }, signs)
  const begin = (queues: readonly string[], signal = new AbortController().signal) => {
    const wait = { over: false, ended: Promise.resolve() }
    wait.ended = waits.wait(queues, signal).then(() => {
      wait.over = true
    })
    return wait
  }
  return { clock, signs, waits, begin }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('Waits', () => {
  test('a job that is there already ends the wait at once, and nobody listens any more', async () => {
    const { signs, begin } = stage()
    signs.filled.add('a')
    await begin(['b', 'a']).ended
    assert.equal(signs.listening, 0)
  })

  test('a push of this process ends the waits for its queue only', async () => {
    const { signs, waits, begin } = stage()
    const [forA, forB] = [begin(['a']), begin(['b', 'c'])]
    waits.wake(new Set(['a']))
    await forA.ended
    await settled()
    assert.equal(forB.over, false)
    assert.equal(signs.listening, 1)
    waits.wake(new Set(['c']))
    await forB.ended
    assert.equal(signs.listening, 0)
  })

  test('a ring ends the waits whose queues hold jobs now', async () => {
    const { signs, begin } = stage()
    const [forA, forB] = [begin(['a']), begin(['b'])]
    signs.filled.add('b')
    signs.ring()
    await forB.ended
    assert.equal(forA.over, false)
  })

  test('a storm of rings for other queues costs one look per rest', async () => {
    const { clock, signs, begin } = stage()
    begin(['a'])
    await settled()
    const before = signs.looks
    for (let ms = 0; ms < 100; ms++) {
      for (let ring = 0; ring < 50; ring++) signs.ring()
      await clock.pass(1)
    }
    const looks = signs.looks - before
    assert.ok(looks > 10 && looks <= 52, `${looks} looks in 100 ms`)
  })

  test('a ring during a rest is answered after it', async () => {
    const { clock, signs, begin } = stage()
    const wait = begin(['a'])
    signs.ring()
    signs.filled.add('a')
    signs.ring()
    await settled()
    assert.equal(wait.over, false)
    await clock.pass(2)
    await wait.ended
  })

  test('a job of which nobody told is found within a second', async () => {
    const { clock, signs, begin } = stage()
    const wait = begin(['a'])
    await settled()
    signs.filled.add('a')
    await clock.pass(999)
    assert.equal(wait.over, false)
    await clock.pass(1)
    await wait.ended
  })

  test('a wait ends by itself after a minute, having looked about sixty times', async () => {
    const { clock, signs, begin } = stage()
    const wait = begin(['a'])
    await clock.pass(59_999)
    assert.equal(wait.over, false)
    await clock.pass(1)
    await wait.ended
    assert.ok(signs.looks <= 61, `${signs.looks} looks`)
  })

  test('a store in trouble does not end a wait with an error', async () => {
    const { clock, signs, begin } = stage()
    signs.hasJobs = () => {
      throw new Error('disk I/O error')
    }
    const wait = begin(['a'])
    signs.ring()
    await clock.pass(1_500)
    assert.equal(wait.over, false)
    signs.hasJobs = () => true
    await clock.pass(1_000)
    await wait.ended
  })

  test('any of several signals ends a wait and keeps no listener of it', async () => {
    const { waits, signs } = stage()
    const [stop, closing] = [new AbortController(), new AbortController()]
    const wait = waits.wait(['a'], stop.signal, closing.signal)
    closing.abort()
    await wait
    assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
    assert.equal(getEventListeners(closing.signal, 'abort').length, 0)
    await waits.wait(['a'], stop.signal, closing.signal)
    assert.equal(signs.listening, 0)
  })
})
