import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { StoreError } from '../../src/kernel/errors.ts'
import { JIDS, ME, noting, openCapsule } from './capsule-stage.ts'
import { beatOf, down, faultAt, gated, raw } from './stage.ts'

describe('Capsule: claiming', () => {
  test('claims up to its free slots and no more', async () => {
    const { made, begun } = gated()
    const { stage, capsule, held } = await openCapsule(made, { concurrency: 2 })
    await stage.push('a', ...JIDS.map((jid) => raw(jid)))
    capsule.pump()
    await stage.settle()
    assert.deepEqual(begun, ['1', '2'])
    assert.deepEqual(await held(), ['1', '2'])
    assert.equal(capsule.slots.free, 0)
  })

  test('while a claim is on its way its slots are spoken for', async () => {
    const { made } = gated()
    const { stage, capsule, exchanges } = await openCapsule(made)
    stage.faults = () => ({ hang: new Promise(() => undefined) })
    for (let pump = 0; pump < 3; pump++) {
      capsule.pump()
      await stage.settle()
    }
    assert.deepEqual(
      exchanges().map(({ count }) => count),
      [2],
    )
  })

  test('settles what ended and claims in its place, in one exchange', async () => {
    const { made, begun, end } = gated()
    const { stage, capsule, exchanges, held } = await openCapsule(made, { concurrency: 2 })
    await stage.push('a', ...JIDS.map((jid) => raw(jid)))
    capsule.pump()
    await stage.settle()
    const before = exchanges().length
    end('1')
    end('2')
    await stage.settle()
    assert.deepEqual(
      exchanges()
        .slice(before)
        .map(({ settle, count }) => [settle.length, count]),
      [[2, 2]],
    )
    assert.deepEqual(begun, ['1', '2', '3', '4'])
    assert.deepEqual(await held(), ['3', '4'])
  })

  test('runs what comes in while it waits, at once', async () => {
    const { made, ran } = noting()
    const { stage, capsule } = await openCapsule(made)
    capsule.pump()
    await stage.settle()
    await stage.push('a', raw('1'))
    await stage.settle()
    assert.deepEqual(ran, ['1'])
  })

  test('an idle capsule asks for nothing for a minute', async () => {
    const { stage, capsule, exchanges } = await openCapsule(noting().made)
    capsule.pump()
    await stage.clock.advance(59_000)
    assert.equal(exchanges().length, 1)
  })

  test('works through many jobs, each once, its queues in strict order', async () => {
    const { made, ran } = noting()
    const { stage, capsule } = await openCapsule(made, { concurrency: 3, queues: ['b', 'a'] })
    const numbers = Array.from({ length: 200 }, (_, index) => String(index))
    await stage.push('a', ...numbers.map((jid) => raw(`a${jid}`)))
    await stage.push('b', ...numbers.map((jid) => raw(`b${jid}`)))
    capsule.pump()
    await stage.clock.advance(1_000)
    assert.deepEqual(ran, [...numbers.map((jid) => `b${jid}`), ...numbers.map((jid) => `a${jid}`)])
    assert.equal((await stage.store.stats(stage.clock.now(), 1)).inFlight, 0)
  })

  test('a quiet capsule claims nothing more; its results still arrive', async () => {
    const { made, end, begun } = gated()
    const { stage, capsule, held } = await openCapsule(made)
    await stage.push('a', ...JIDS.map((jid) => raw(jid)))
    capsule.pump()
    await stage.settle()
    capsule.quiet()
    end('1')
    end('2')
    await stage.clock.advance(120_000)
    assert.deepEqual([begun, await held()], [['1', '2'], []])
    assert.equal((await stage.queued('a')).length, 4)
  })

  test('a claim that was on its way when it became quiet goes back to the front', async () => {
    const { made, begun } = gated()
    const { stage, capsule } = await openCapsule(made)
    await stage.push('a', ...JIDS.map((jid) => raw(jid)))
    capsule.pump()
    queueMicrotask(() => capsule.quiet())
    await stage.settle()
    assert.deepEqual(begun, [])
    assert.deepEqual(
      (await stage.queued('a')).map((text) => JSON.parse(text).jid),
      JIDS,
    )
  })
})

describe('Capsule: paused queues', () => {
  test('a paused queue is asked again each second, and its jobs come once it is resumed', async () => {
    const { made, ran } = noting()
    const { stage, capsule, exchanges } = await openCapsule(made)
    await stage.store.pause('a', true)
    await stage.push('a', raw('1'))
    capsule.pump()
    await stage.clock.advance(10_500)
    assert.deepEqual([ran, exchanges().length], [[], 11])
    await stage.store.pause('a', false)
    await stage.clock.advance(1_000)
    assert.deepEqual(ran, ['1'])
  })

  test('while one queue is paused the others are served at once', async () => {
    const { made, ran } = noting()
    const { stage, capsule } = await openCapsule(made, { queues: ['a', 'b'] })
    await stage.store.pause('a', true)
    capsule.pump()
    await stage.settle()
    await stage.push('a', raw('paused'))
    await stage.push('b', raw('1'))
    await stage.settle()
    assert.deepEqual(ran, ['1'])
  })
})

describe('Capsule: lost answers', () => {
  test('a claim whose answer was lost is taken up, each of its jobs once', async () => {
    const { made, begun } = gated()
    const { stage, capsule, held } = await openCapsule(made)
    await stage.push('a', raw('1'), raw('2'), raw('3'))
    stage.faults = faultAt('exchange', 1, 'after')
    capsule.pump()
    await stage.clock.advance(1_000)
    assert.deepEqual(begun, ['1', '2'])
    assert.deepEqual(await held(), ['1', '2'])
  })

  test('a settlement whose answer was lost is not made twice', async () => {
    const { made, begun, gate } = gated()
    const { stage, capsule, held, tally } = await openCapsule(made, { concurrency: 1 })
    await stage.push('a', raw('1'))
    capsule.pump()
    await stage.settle()
    stage.faults = faultAt('exchange', 1, 'after')
    gate('1').reject(new Error('boom'))
    await stage.clock.advance(1_000)
    assert.deepEqual([begun, await held(), (await stage.entries('retry')).length], [['1'], [], 1])
    assert.deepEqual(tally.take(), { processed: 1, failed: 1 })
    assert.deepEqual(stage.messages('warn'), ['job failed'])
  })

  test('a settlement that never arrived is made again, and the job does not run again', async () => {
    const { made, end, begun } = gated()
    const { stage, capsule, held } = await openCapsule(made, { concurrency: 1 })
    await stage.push('a', raw('1'))
    capsule.pump()
    await stage.settle()
    stage.faults = faultAt('exchange', 1, 'before')
    end('1')
    await stage.clock.advance(1_000)
    assert.deepEqual([await held(), begun], [[], ['1']])
  })

  test('comparing while jobs run, or while a result is on its way, begins none of them again', async () => {
    const { made, end, begun } = gated()
    const { stage, capsule, held } = await openCapsule(made)
    await stage.push('a', raw('1'), raw('2'))
    capsule.pump()
    await stage.settle()
    stage.faults = (method) => (method === 'exchange' ? 'before' : 'pass')
    end('1')
    await stage.clock.advance(1_000)
    await stage.clock.run(capsule.compare())
    assert.deepEqual(
      [begun, await held()],
      [
        ['1', '2'],
        ['1', '2'],
      ],
    )
  })

  test('settled() resolves as soon as a lost answer turns out to have been a success', async () => {
    const { made, end } = gated()
    const { stage, capsule } = await openCapsule(made, { concurrency: 1 })
    await stage.push('a', raw('1'))
    capsule.pump()
    await stage.settle()
    capsule.quiet()
    stage.faults = faultAt('exchange', 1, 'after')
    end('1')
    await stage.settle()
    await stage.clock.run(capsule.settled(new AbortController().signal), { forMs: 1_000 })
  })

  test('a lease that was lost aborts the signals, and the results are recorded nowhere', async () => {
    const { made, signals, gate } = gated()
    const { stage, capsule, tally } = await openCapsule(made)
    await stage.push('a', raw('1'), raw('2'))
    capsule.pump()
    await stage.settle()
    await stage.store.leave(ME.identity, stage.clock.now())
    await capsule.compare()
    for (const jid of ['1', '2']) {
      assert.equal(signals.get(jid)!.reason.code, 'job.lease_lost')
      gate(jid).reject(new Error('too late'))
    }
    await stage.clock.advance(500)
    assert.deepEqual(tally.take(), { processed: 0, failed: 0 })
    assert.deepEqual([await stage.queued('a'), await stage.entries('retry')], [[raw('1'), raw('2')], []])
  })

  test('a worker that is not registered any more says so, and works on once it is', async () => {
    const { made, ran } = noting()
    const { stage, capsule, unregistered } = await openCapsule(made)
    await stage.store.leave(ME.identity, stage.clock.now())
    await stage.push('a', raw('1'))
    capsule.pump()
    await stage.clock.advance(100)
    assert.ok(unregistered() >= 1)
    assert.deepEqual(ran, [])
    await stage.store.heartbeat(beatOf(ME, stage.clock.now()))
    await stage.clock.advance(1_000)
    assert.deepEqual(ran, ['1'])
  })

  test('jobs of queues that belong to another capsule of the worker are left alone', async () => {
    const { made, begun } = gated()
    const { stage, capsule } = await openCapsule(made, { concurrency: 5 })
    await stage.push('other', raw('1'))
    await stage.push('constructor', raw('2'))
    const queues = ['other', 'constructor']
    await stage.store.exchange({ identity: ME.identity, now: 0, settle: [], queues, count: 5 })
    await capsule.compare()
    assert.deepEqual(begun, [])
  })
})

describe('Capsule: a store that claims the job which ends a wait', () => {
  /** `afterwards` happens between the claim and its telling. */
  async function waiting(afterwards: () => Promise<void> = async () => undefined, concurrency = 2) {
    const { made, begun, end } = gated()
    const opened = await openCapsule(made, { concurrency })
    const { stage, capsule } = opened
    const { store } = stage
    const wait = store.waitForJobs.bind(store)
    stage.line.waitForJobs = async (request) => {
      await wait(request)
      if (request.signal.aborted) return
      const { identity, queues } = request
      const asked = { identity, now: stage.clock.now(), settle: [], queues, count: 1 }
      const { claims } = await store.exchange(asked)
      await afterwards()
      if (claims.length > 0) request.taken(claims)
    }
    capsule.pump()
    await stage.settle()
    return { ...opened, begun, end }
  }

  test('runs it without asking, then claims what else is there', async () => {
    const { stage, begun, end, held, exchanges } = await waiting()
    const before = exchanges().length
    await stage.push('a', raw('1'), raw('2'))
    await stage.settle()
    assert.deepEqual(begun, ['1', '2'])
    assert.equal(exchanges().length - before, 1)
    end('1')
    await stage.settle()
    assert.deepEqual(await held(), ['2'])
  })

  test('hands it back when it became quiet meanwhile, and has settled only then', async () => {
    const gate = Promise.withResolvers<void>()
    const { stage, capsule, begun } = await waiting(() => gate.promise)
    await stage.push('a', raw('1'))
    await stage.settle()
    capsule.quiet()
    let isSettled = false
    const settled = capsule.settled(new AbortController().signal).then(() => {
      isSettled = true
    })
    await stage.settle()
    assert.equal(isSettled, false)
    gate.resolve()
    await settled
    assert.deepEqual([begun, await stage.queued('a')], [[], [raw('1')]])
  })

  test('compares only when no claim is on its way, so that none begins twice', async () => {
    const gate = Promise.withResolvers<void>()
    const { stage, capsule, begun } = await waiting(() => gate.promise)
    await stage.push('a', raw('1'))
    await stage.settle()
    const compared = capsule.compare()
    await stage.settle()
    assert.deepEqual(begun, [])
    gate.resolve()
    await compared
    await stage.settle()
    assert.deepEqual(begun, ['1'])
  })

  test('finds it by comparing when its telling was lost', async () => {
    const lost = new StoreError('store.unknown', 'a line was lost', { retryable: true })
    const { stage, begun, held } = await waiting(() => Promise.reject(lost))
    await stage.push('a', raw('1'))
    await stage.clock.advance(1_000)
    assert.deepEqual([begun, await held()], [['1'], ['1']])
  })
})

describe('Capsule: an outage', () => {
  test('of ten minutes: an error a second at most, with the count, and the next job within 1 s of its end', async () => {
    const { made, ran } = noting()
    const { stage, capsule } = await openCapsule(made)
    capsule.pump()
    await stage.settle()
    stage.faults = down
    await stage.push('a', raw('1'))
    await stage.clock.advance(600_000)
    const errors = stage.lines.filter(({ level }) => level === 'error')
    assert.ok(errors.length > 400 && errors.length <= 600, `${errors.length} lines`)
    const times = errors.reduce((sum, { fields }) => sum + Number(fields.times), 0)
    const tries =
      stage.calls.filter(({ method }) => method === 'exchange' || method === 'inFlight').length - 1
    assert.ok(times <= tries && times > tries - 3, `${times} of ${tries} are reported`)
    assert.deepEqual(ran, [])
    stage.faults = () => 'pass'
    await stage.clock.advance(1_000)
    assert.deepEqual(ran, ['1'])
  })

  test('of exchanges alone, while the store can still be read: tried a few times a second, told once', async () => {
    const { made, ran } = noting()
    const { stage, capsule, exchanges } = await openCapsule(made)
    capsule.pump()
    await stage.settle()
    stage.faults = (method) => (method === 'exchange' ? 'before' : 'pass')
    await stage.push('a', raw('1'))
    await stage.clock.advance(60_000)
    assert.ok(exchanges().length > 100 && exchanges().length < 170, `${exchanges().length} tries in a minute`)
    assert.ok(stage.messages('error').length <= 60)
    assert.deepEqual(stage.messages('info'), [])
    stage.faults = () => 'pass'
    await stage.clock.advance(1_000)
    assert.deepEqual(ran, ['1'])
    assert.deepEqual(stage.messages('info'), ['the store answers again'])
  })

  test('running jobs go on, their results arrive afterwards', async () => {
    const { made, end } = gated()
    const { stage, capsule, held } = await openCapsule(made)
    await stage.push('a', raw('1'), raw('2'))
    capsule.pump()
    await stage.settle()
    stage.faults = down
    end('1')
    await stage.clock.advance(60_000)
    assert.deepEqual(await held(), ['1', '2'])
    stage.faults = () => 'pass'
    await stage.clock.advance(1_000)
    assert.deepEqual(await held(), ['2'])
  })

  test('nothing is claimed, run or waited for after close', async () => {
    const { made, ran } = noting()
    const { stage, capsule } = await openCapsule(made)
    capsule.pump()
    await stage.settle()
    stage.faults = down
    await stage.push('a', raw('1'))
    await stage.clock.advance(100)
    capsule.close()
    stage.faults = () => 'pass'
    await stage.clock.advance(2_000)
    assert.deepEqual([ran, stage.clock.sleeping], [[], 0])
  })
})
