import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openCapsule } from './capsule-stage.ts'
import { faultAt, raw, work } from './stage.ts'

const TWENTY = Array.from({ length: 20 }, (_, index) => `${index + 1}`)
const payloads = TWENTY.map((jid) => raw(jid))

interface Setting {
  readonly concurrency?: number
  readonly isApart?: boolean
  /** Called within each job. */
  readonly during?: (jid: string) => void
}

/** A capsule for which twenty jobs wait. `ran` has each job that ran, and how many exchanges had been sent by then. */
async function twenty({ concurrency = 20, isApart = true, during = () => undefined }: Setting = {}) {
  const ran: Array<readonly [jid: string, exchanges: number]> = []
  const made = work((jid) => {
    ran.push([jid, opened.exchanges().length])
    during(jid)
  })
  const opened = await openCapsule(made, { concurrency, isApart })
  await opened.stage.push('a', ...payloads)
  return { ...opened, ran, jids: () => ran.map(([jid]) => jid) }
}

const sentBefore = (ran: ReadonlyArray<readonly [string, number]>) => [
  ...new Set(ran.map(([, sent]) => sent)),
]

describe('Arrivals', () => {
  test('a store apart has the results of one half before the other half begins', async () => {
    const { stage, capsule, exchanges, ran, jids, held } = await twenty()
    capsule.pump()
    await stage.settle()
    assert.deepEqual(jids(), TWENTY)
    assert.deepEqual(sentBefore(ran.slice(0, 10)), [1])
    assert.deepEqual(sentBefore(ran.slice(10)), [2])
    const [, second, third] = exchanges()
    assert.deepEqual([second!.settle.length, second!.count], [10, 10])
    assert.equal(third!.settle.length, 10)
    assert.deepEqual(await held(), [])
  })

  for (const [why, setting] of [
    ['a store in this process gets all results at once', { concurrency: 20, isApart: false }],
    ['and so does one apart when they are few', { concurrency: 18, isApart: true }],
  ] as const) {
    test(why, async () => {
      const { stage, capsule, exchanges } = await twenty(setting)
      capsule.pump()
      await stage.settle()
      assert.equal(exchanges()[1]!.settle.length, setting.concurrency)
    })
  }

  test('large payloads begin by 64 KiB', async () => {
    const ran: Array<readonly [string, number]> = []
    const made = work((jid) => void ran.push([jid, opened.exchanges().length]))
    const opened = await openCapsule(made, { concurrency: 20, isApart: true })
    const padding = 'x'.repeat(30_000)
    await opened.stage.push('a', ...TWENTY.slice(0, 9).map((jid) => raw(jid, { padding })))
    opened.capsule.pump()
    await opened.stage.settle()
    assert.deepEqual(
      [0, 3, 6].map((from) => sentBefore(ran.slice(from, from + 3))),
      [[1], [2], [3]],
    )
  })

  test('answers that came together part again', async () => {
    const held = Promise.withResolvers<void>()
    const { stage, capsule, ran, jids } = await twenty()
    const more = Array.from({ length: 20 }, (_, index) => `${index + 21}`)
    await stage.push('a', ...more.map((jid) => raw(jid)))
    // The second and the third exchange are answered in the same turn.
    stage.faults = (method, nth) =>
      method === 'exchange' && (nth === 2 || nth === 3) ? { hang: held.promise } : 'pass'
    capsule.pump()
    await stage.settle()
    assert.deepEqual(jids(), TWENTY)
    held.resolve()
    await stage.settle()
    assert.deepEqual(jids(), [...TWENTY, ...more])
    assert.deepEqual(sentBefore(ran.slice(20, 30)), [3])
    assert.deepEqual(sentBefore(ran.slice(30)), [4])
  })

  test('what has come and not begun is known: comparing takes it up no second time', async () => {
    const { stage, capsule, jids } = await twenty({
      during: (jid) => {
        if (jid === '1') void capsule.compare()
      },
    })
    capsule.pump()
    await stage.settle()
    assert.deepEqual(jids(), TWENTY)
  })

  test('what has come and not begun when the capsule becomes quiet goes back to the front, in its order', async () => {
    const { stage, capsule, jids, held } = await twenty({
      during: (jid) => {
        if (jid === '10') capsule.quiet()
      },
    })
    await stage.push('a', raw('later'))
    capsule.pump()
    await stage.settle()
    await capsule.settled(new AbortController().signal)
    assert.deepEqual(jids(), TWENTY.slice(0, 10))
    assert.deepEqual(await stage.queued('a'), [...payloads.slice(10), raw('later')])
    assert.deepEqual(await held(), [])
  })

  test('a lost answer to the first half costs no job of the second', async () => {
    const { stage, capsule, jids, held } = await twenty()
    stage.faults = faultAt('exchange', 2, 'after')
    capsule.pump()
    await stage.clock.advance(5_000)
    assert.deepEqual(jids(), TWENTY)
    assert.deepEqual(await held(), [])
  })
})
