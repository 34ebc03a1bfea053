import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type MonoMs, systemClock } from '../kernel/clock.ts'
import type { LogFields } from '../kernel/logger.ts'
import { silentLogger } from '../kernel/logger.ts'
import { seededRandom } from '../kernel/random.ts'
import type { Runtime } from '../kernel/runtime.ts'
import { Outage, outagePauseMs } from './outage.ts'

function watched() {
  let nowMs = 0
  const lines: Array<readonly [message: string, fields: LogFields | undefined]> = []
  const runtime: Runtime = {
    random: seededRandom(1),
    clock: { ...systemClock, now: () => nowMs, mono: () => nowMs as MonoMs },
    logger: {
      ...silentLogger,
      error: (message, fields) => void lines.push([message, fields]),
      info: (message, fields) => void lines.push([message, fields]),
    },
  }
  const at = (ms: number) => {
    nowMs = ms
  }
  return { outage: new Outage(runtime), lines, at }
}

const FAILED = 'the store failed; waiting for it, no job is lost'

describe('Outage', () => {
  test('reports the first failure at once, then at most one a second with the count since', () => {
    const { outage, lines, at } = watched()
    for (let ms = 0; ms < 3_000; ms += 100) {
      at(ms)
      outage.failed('beating', new Error('refused'))
    }
    const failure = (times: number) => [FAILED, { doing: 'beating', error: 'refused', times }]
    assert.deepEqual(lines, [failure(1), failure(10), failure(10)])
  })

  test('says once that the store answers again, and after how long', () => {
    const { outage, lines, at } = watched()
    outage.failed('beating', 'x')
    at(61_234.5678)
    outage.answered()
    outage.answered()
    assert.deepEqual(lines.slice(1), [['the store answers again', { seconds: 61.235 }]])
  })

  test('the next outage is reported at once again, if a second has passed', () => {
    const { outage, lines, at } = watched()
    outage.failed('beating', 'x')
    at(10)
    outage.answered()
    at(1_000)
    outage.failed('claiming', 'y')
    assert.deepEqual(lines.at(-1), [FAILED, { doing: 'claiming', error: 'y', times: 1 }])
  })

  test('a store that fails and answers in turns fills no log either', () => {
    const { outage, lines, at } = watched()
    for (let ms = 0; ms < 3_000; ms += 10) {
      at(ms)
      outage.failed('claiming', 'x')
      at(ms + 5)
      outage.answered()
    }
    assert.deepEqual(
      lines.map(([message, fields]) => [message, fields?.times]),
      [1, 100, 100].flatMap((times) => [
        [FAILED, times],
        ['the store answers again', undefined],
      ]),
    )
  })

  test('a store that answers is not worth a line', () => {
    const { outage, lines } = watched()
    outage.answered()
    assert.deepEqual(lines, [])
  })
})

describe('outagePauseMs', () => {
  test('begins short, doubles, and stays under half a second for ever', () => {
    assert.deepEqual([0, 1, 2, 3, 4, 5].map(outagePauseMs), [25, 50, 100, 200, 400, 400])
    assert.equal(outagePauseMs(10_000), 400)
  })
})
