import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EnqueueError, MAX_BATCH, Pusher } from '../../src/client/pusher.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import type { PushBatch, PushJob } from '../../src/store/transfer.ts'
import { down, faultAt, raw, Stage } from './stage.ts'

const DEADLINE_MS = 5_000

const job = (jid: string): PushJob => ({ queue: 'a', payload: raw(jid), at: null })

function open() {
  const stage = new Stage()
  const pusher = new Pusher(stage.runtime, stage.line, DEADLINE_MS)
  const batches = () => stage.callsOf('push').map(({ asked }) => asked[0] as PushBatch)
  return { stage, pusher, batches }
}

/** The error of a push, and how much simulated time it took. */
async function failure(
  stage: Stage,
  push: Promise<unknown>,
): Promise<{ error: EnqueueError; tookMs: number }> {
  const startedAt = stage.clock.mono()
  const error = await stage.clock.run(
    push.then(
      () => assert.fail('it was stored'),
      (thrown: unknown) => thrown,
    ),
  )
  assert.ok(error instanceof EnqueueError)
  return { error, tookMs: stage.clock.mono() - startedAt }
}

describe('Pusher: round trips', () => {
  test('what is pushed in one turn of the event loop goes in one round trip, in order', async () => {
    const { pusher, batches, stage } = open()
    await Promise.all(['1', '2', '3'].map((jid) => pusher.push(job(jid))))
    assert.equal(batches().length, 1)
    assert.deepEqual(
      await stage.queued('a'),
      ['1', '2', '3'].map((jid) => raw(jid)),
    )
  })

  test('what is pushed later goes in another, under another token', async () => {
    const { pusher, batches } = open()
    await pusher.push(job('1'))
    await pusher.push(job('2'))
    assert.equal(batches().length, 2)
    assert.notEqual(batches()[0]!.token, batches()[1]!.token)
  })

  test('one round trip carries a thousand jobs at most', async () => {
    const { pusher, batches, stage } = open()
    const pushes = Array.from({ length: 2 * MAX_BATCH + 1 }, (_, index) => pusher.push(job(String(index))))
    await stage.clock.run(Promise.all(pushes))
    assert.deepEqual(
      batches().map(({ jobs }) => jobs.length),
      [MAX_BATCH, MAX_BATCH, 1],
    )
    assert.equal((await stage.queued('a')).length, 2 * MAX_BATCH + 1)
  })

  test('two pushers never use the same token', async () => {
    const { stage, pusher, batches } = open()
    const other = new Pusher(stage.runtime, stage.line, DEADLINE_MS)
    await Promise.all([pusher.push(job('1')), other.push(job('2'))])
    assert.equal(new Set(batches().map(({ token }) => token)).size, 2)
  })

  test('the next push tells the store which tokens will not be repeated, once', async () => {
    const { pusher, batches } = open()
    for (const jid of ['1', '2', '3']) await pusher.push(job(jid))
    const [first, second, third] = batches()
    assert.deepEqual(
      [first!.answered, second!.answered, third!.answered],
      [[], [first!.token], [second!.token]],
    )
  })
})

describe('Pusher: failures', () => {
  test('an answer that was lost is asked for again under the same token: the job is stored once', async () => {
    const { stage, pusher, batches } = open()
    stage.faults = faultAt('push', 1, 'after')
    await stage.clock.run(pusher.push(job('1')))
    assert.equal(batches().length, 2)
    assert.equal(batches()[0]!.token, batches()[1]!.token)
    assert.deepEqual(await stage.queued('a'), [raw('1')])
  })

  test('a store that comes back within the deadline takes the job within half a second', async () => {
    const { stage, pusher } = open()
    stage.faults = down
    const pushed = pusher.push(job('1'))
    await stage.clock.advance(4_000)
    stage.faults = () => 'pass'
    await stage.clock.run(pushed, { forMs: 500 })
    assert.deepEqual(await stage.queued('a'), [raw('1')])
  })

  test('a store that never takes it: not stored, within the deadline', async () => {
    const { stage, pusher } = open()
    stage.faults = down
    const { error, tookMs } = await failure(stage, pusher.push(job('1')))
    assert.equal(error.code, 'store.not_stored')
    assert.match(error.message, /^Not stored: /)
    assert.equal(error.retryable, true)
    assert.ok(tookMs <= DEADLINE_MS && tookMs > DEADLINE_MS - 500, `${tookMs} ms`)
  })

  test('one lost answer among refusals: unknown, and a repeat with the token of the error stores nothing twice', async () => {
    const { stage, pusher } = open()
    stage.faults = (_method, nth) => (nth === 1 ? 'after' : 'before')
    const { error, tookMs } = await failure(stage, pusher.push(job('1')))
    assert.equal(error.code, 'store.unknown')
    assert.match(error.message, /^Unknown, safe to repeat: .* within 5 s/)
    assert.ok(tookMs <= DEADLINE_MS)
    stage.faults = () => 'pass'
    await pusher.pushTogether([job('1')], error.token)
    assert.deepEqual(await stage.queued('a'), [raw('1')])
  })

  test('a store that does not answer at all: unknown, exactly at the deadline', async () => {
    const { stage, pusher } = open()
    stage.faults = () => ({ hang: new Promise(() => undefined) })
    const { error, tookMs } = await failure(stage, pusher.push(job('1')))
    assert.deepEqual([error.code, tookMs], ['store.unknown', DEADLINE_MS])
  })

  test('a store that answers after the deadline disturbs nobody', async () => {
    const { stage, pusher } = open()
    const { promise: hang, resolve: release } = Promise.withResolvers<void>()
    stage.faults = () => ({ hang })
    await failure(stage, pusher.push(job('1')))
    await stage.store.close()
    release()
    await stage.settle()
    assert.deepEqual(stage.messages('debug'), [])
  })

  test('a full store: said at once, nothing is tried again', async () => {
    const stage = new Stage()
    const full = new StoreError('store.full', 'no room')
    let tries = 0
    const store = new Proxy(stage.store, {
      get: () => async () => {
        tries += 1
        throw full
      },
    })
    const { error, tookMs } = await failure(
      stage,
      new Pusher(stage.runtime, store, DEADLINE_MS).push(job('1')),
    )
    assert.deepEqual(
      [error.code, error.retryable, error.cause, tries, tookMs],
      ['store.full', false, full, 1, 0],
    )
  })

  test('all that were pushed together share the failure', async () => {
    const { stage, pusher } = open()
    stage.faults = down
    const [first, second] = [pusher.push(job('1')), pusher.push(job('2'))]
    const failures = await Promise.all([failure(stage, first), second.catch((error: unknown) => error)])
    assert.equal(failures[0].error, failures[1])
  })

  test('no sleeper stays behind when the store answers', async () => {
    const { stage, pusher } = open()
    await pusher.push(job('1'))
    assert.equal(stage.clock.sleeping, 0)
  })

  test('a bug in a store passes on as it is', async () => {
    const stage = new Stage()
    const store = new Proxy(stage.store, {
      get: () => async () => {
        throw new TypeError('a bug')
      },
    })
    await assert.rejects(new Pusher(stage.runtime, store, DEADLINE_MS).push(job('1')), TypeError)
  })
})
