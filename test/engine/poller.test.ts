import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Outage } from '../../src/worker/outage.ts'
import { dueRoute, POLL_MS, Poller } from '../../src/worker/poller.ts'
import { beatOf, down, payloadOf, raw, Stage, workerInfo } from './stage.ts'

function polling(seed = 1) {
  const stage = new Stage(seed)
  const poller = new Poller(stage.runtime, stage.line, {
    outage: new Outage(stage.runtime),
    intervalMs: POLL_MS,
  })
  poller.start()
  let token = 0
  const schedule = (...payloads: string[]) => {
    const at = stage.clock.now() + 1
    token += 1
    const jobs = payloads.map((payload) => ({ queue: 'a', payload, at }))
    return stage.store.push({ token: String(token), now: stage.clock.now(), jobs })
  }
  return { stage, poller, schedule }
}

describe('Poller', () => {
  test('a due job moves to its queue within one and a half intervals, and not before it is due', async () => {
    const { stage, poller } = polling()
    const at = stage.clock.now() + 60_000
    const text = raw('1', { queue: 'a' })
    await stage.store.push({ token: 't', now: 0, jobs: [{ queue: 'a', payload: text, at }] })
    await stage.clock.advance(59_999)
    assert.deepEqual(await stage.queued('a'), [])
    await stage.clock.advance(1 + POLL_MS * 1.5)
    const [moved] = await stage.queued('a')
    const { enqueued_at, ...rest } = payloadOf(moved!)
    assert.deepEqual(rest, payloadOf(text))
    assert.ok(Number(enqueued_at) * 1000 >= at)
    await poller.stop()
  })

  test('however many are due, they move in one go, a hundred a step', async () => {
    const { stage, schedule, poller } = polling()
    await schedule(...Array.from({ length: 450 }, (_, index) => raw(String(index), { queue: 'a' })))
    await stage.clock.advance(POLL_MS * 1.5)
    assert.equal((await stage.queued('a')).length, 450)
    await poller.stop()
  })

  test('one that nobody could run goes to the dead set with the reason, the others are not held up', async () => {
    const { stage, schedule, poller } = polling()
    await schedule('{', raw('1', { queue: 'a' }))
    await stage.clock.advance(POLL_MS * 1.5)
    const dead = await stage.entries('dead')
    assert.deepEqual(
      dead.map(({ payload, reason }) => [payload, reason]),
      [['{', 'not valid JSON']],
    )
    assert.equal((await stage.queued('a')).length, 1)
    await poller.stop()
  })

  for (const [workers, least, most] of [
    [1, 170, 250],
    [10, 17, 30],
  ] as const) {
    test(`with ${workers} processes each looks about every ${(POLL_MS / 1000) * workers} s (seed 3)`, async () => {
      const { stage, poller } = polling(3)
      for (let worker = 0; worker < workers; worker++) {
        await stage.store.heartbeat(beatOf(workerInfo(`w:${worker}`), stage.clock.now()))
      }
      await stage.clock.advance(200 * POLL_MS)
      const looks = stage.callsOf('promote').length
      assert.ok(looks >= least && looks <= most, `${looks} times in ${200 * POLL_MS} ms`)
      await poller.stop()
    })
  }

  test('processes are counted once a minute, not at each look', async () => {
    const { stage, poller } = polling()
    await stage.clock.advance(600_000)
    assert.ok(stage.callsOf('promote').length > 80)
    const counted = stage.callsOf('stats').length
    assert.ok(counted >= 9 && counted <= 11, `${counted} times in ten minutes`)
    await poller.stop()
  })

  test('a store that is away for a while does not end it', async () => {
    const { stage, schedule, poller } = polling()
    stage.faults = down
    await schedule(raw('1', { queue: 'a' }))
    await stage.clock.advance(600_000)
    stage.faults = () => 'pass'
    await stage.clock.advance(POLL_MS * 1.5)
    assert.equal((await stage.queued('a')).length, 1)
    await poller.stop()
  })

  test('a stop ends it at once and leaves no sleeper behind', async () => {
    const { stage, poller } = polling()
    await poller.stop()
    assert.equal(stage.clock.sleeping, 0)
  })
})

describe('dueRoute', () => {
  test('keeps every byte but enqueued_at, and a job without a queue goes to the default one', () => {
    assert.deepEqual(dueRoute('{"class":"A","args":[1.0],"jid":"a","enqueued_at":1}', 1_795_492_274_000), {
      to: 'queue',
      queue: 'default',
      payload: '{"class":"A","args":[1.0],"jid":"a","enqueued_at":1795492274.0}',
    })
  })
})
