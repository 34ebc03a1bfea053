// Another program has put something else where a queue's list should be. No job may be lost over it.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openRedisStore } from '../../src/store/redis/index.ts'
import type { Store } from '../../src/store/store.ts'
import { ANN, BOB, beatOf, claim, eventually, job, runtime, T0, waitFor } from './redis-fixture.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'
import { Scene } from './scene.ts'

const NO_LIST = /holds something else than a list/

let server: RedisServer
let store: Store
before(async () => {
  server = await startRedisServer({ appendOnly: true })
  store = await openRedisStore(runtime, { url: server.url })
})
after(async () => {
  await store.close()
  await server.stop()
})
beforeEach(async () => {
  await server.command('FLUSHALL')
  await store.heartbeat(beatOf(ANN))
})

const ALL = { offset: 0, limit: 10 }
const breakQueue = () => server.command('SET', 'queue:broken', 'by another program')
const toQueue = (queue: string) => ({ to: 'queue', queue, payload: null }) as const
const entries = async (set: 'schedule' | 'retry' | 'dead') =>
  (await store.list({ set }, ALL)).map(({ payload, at, reason }) => ({ payload, at, reason }))
const payloads = async (queue: string) => (await store.list({ queue }, ALL)).map(({ payload }) => payload)

const later = (jid: string, at: number) => ({ queue: 'a', payload: job(jid), at })
const schedule = (...jids: string[]) =>
  store.push({ token: jids.join(), now: T0, jobs: jids.map((jid, i) => later(jid, T0 + 1_000 + i)) })

/** A job that this worker took from a queue which broke then. */
async function heldOfBroken() {
  await store.push({ token: 'held', now: T0, jobs: [{ queue: 'broken', payload: job('held'), at: null }] })
  const [held] = await claim(store, 1, ['broken'])
  await breakQueue()
  return held!
}

describe('a queue whose key is no list', () => {
  test('puts off the jobs that are due for it by a minute, and those of other queues move', async () => {
    await schedule('stuck', 'other')
    await breakQueue()
    const route = (payload: string) => toQueue(payload === job('stuck') ? 'broken' : 'a')
    const now = T0 + 2_000
    // Both count: who moves due jobs in batches looks for more until a batch is not full.
    assert.equal(await store.promote({ now, limit: 10, route }), 2)
    assert.deepEqual(await payloads('a'), [job('other')])
    assert.deepEqual(await entries('schedule'), [{ payload: job('stuck'), at: now + 60_000, reason: null }])
    await server.command('DEL', 'queue:broken')
    assert.equal(await store.promote({ now: now + 60_000, limit: 10, route }), 1)
    assert.deepEqual(await payloads('broken'), [job('stuck')])
  })

  test('takes no job that an operator moves to it: the job stays where it is', async () => {
    await schedule('one')
    await breakQueue()
    const [entry] = await store.list({ set: 'schedule' }, ALL)
    const move = { to: 'queue', queue: 'broken', payload: job('one'), now: T0 } as const
    await assert.rejects(store.move({ set: 'schedule' }, entry!.ref, move), { code: 'store.not_stored' })
    assert.equal((await entries('schedule')).length, 1)
  })

  test('a job that is handed back to it goes to the dead set with the reason, and the others of the call settle', async () => {
    const held = await heldOfBroken()
    await store.push({ token: 'b', now: T0, jobs: [{ queue: 'a', payload: job('fine'), at: null }] })
    const [fine] = await claim(store, 1, ['a'])
    const settle = [held, fine!].map(({ token }) => ({ token, to: 'queue', payload: null }) as const)
    const reply = await store.exchange({ identity: ANN, now: T0, settle, queues: [], count: 0 })
    assert.deepEqual(reply.refused, [])
    assert.deepEqual(await store.inFlight(ANN), [])
    assert.deepEqual(await payloads('a'), [job('fine')])
    const [dead] = await entries('dead')
    assert.equal(dead!.payload, job('held'))
    assert.match(dead!.reason!, NO_LIST)
  })

  test('keeps no worker from being recovered: its job goes to the dead set with the reason', async () => {
    await heldOfBroken()
    const revise = (_payload: string, queue: string) => toQueue(queue)
    const recovered = await store.recover({ identity: ANN, now: T0, beatAt: T0, revise })
    assert.equal(recovered?.length, 1)
    assert.deepEqual(await store.inFlight(ANN), [])
    assert.match((await entries('dead'))[0]!.reason!, NO_LIST)
  })

  test('keeps no worker from waiting for it, comparing and leaving', async () => {
    const waiting = waitFor(store, ['broken'])
    await eventually(async () => assert.match(await server.command('CLIENT', 'LIST'), / flags=b /))
    await breakQueue()
    await store.heartbeat(beatOf(ANN))
    assert.deepEqual(await store.inFlight(ANN), [])
    await server.command('DEL', 'queue:broken')
    await store.push({ token: 'b', now: T0, jobs: [{ queue: 'broken', payload: job('fine'), at: null }] })
    assert.deepEqual(
      (await waiting).map(({ payload }) => payload),
      [job('fine')],
    )
    await breakQueue()
    assert.deepEqual(await waitFor(store, ['broken']), [])
    await store.leave(ANN, T0)
    assert.match((await entries('dead'))[0]!.reason!, NO_LIST)
  })

  test('is shown as broken beside the others, and counts as empty', async () => {
    await store.push({ token: 'b', now: T0, jobs: [{ queue: 'a', payload: job('fine'), at: null }] })
    await server.command('SADD', 'queues', 'broken')
    await breakQueue()
    const shown = (await store.queues(T0)).map(({ name, size, broken }) => [name, size, broken !== undefined])
    assert.deepEqual(shown, [
      ['a', 1, false],
      ['broken', 0, true],
    ])
    assert.equal((await store.stats(T0, 1)).enqueued, 1)
  })
})

describe('a dead set that is no sorted set', () => {
  test('stops what would bury, before anything is changed', async () => {
    await schedule('one')
    await server.command('SET', 'dead', 'by another program')
    const route = () => ({ to: 'dead', payload: null, reason: 'unreadable' }) as const
    await assert.rejects(store.promote({ now: T0 + 2_000, limit: 10, route }), { code: 'store.not_stored' })
    assert.equal((await entries('schedule')).length, 1)

    await store.push({ token: 'a', now: T0, jobs: [{ queue: 'a', payload: job('held'), at: null }] })
    const [held] = await claim(store, 1, ['a'])
    const settle = [{ token: held!.token, to: 'dead', payload: null, reason: 'x' } as const]
    await assert.rejects(store.exchange({ identity: ANN, now: T0, settle, queues: [], count: 0 }))
    assert.equal((await store.inFlight(ANN)).length, 1)
    const revise = () => ({ to: 'dead', payload: null, reason: 'x' }) as const
    await assert.rejects(store.recover({ identity: ANN, now: T0, beatAt: T0, revise }))
    assert.equal((await store.inFlight(ANN)).length, 1)
    assert.deepEqual(await store.recover({ identity: BOB, now: T0, beatAt: T0, revise }), null)
  })

  test('stops nothing that goes to a queue', async () => {
    await schedule('due')
    await server.command('SET', 'dead', 'by another program')
    const toA = () => toQueue('a')
    assert.equal(await store.promote({ now: T0 + 2_000, limit: 10, route: toA }), 1)
    const [held] = await claim(store, 1, ['a'])
    const settle = [{ token: held!.token, to: 'queue', payload: null } as const]
    await store.exchange({ identity: ANN, now: T0, settle, queues: [], count: 0 })
    assert.deepEqual(await payloads('a'), [job('due')])
    await claim(store, 1, ['a'])
    assert.equal((await store.recover({ identity: ANN, now: T0, beatAt: T0, revise: toA }))?.length, 1)
    assert.deepEqual(await payloads('a'), [job('due')])
  })
})

test('`queues` and `doctor` name the key and say what to do', async () => {
  const scene = await Scene.open('redis')
  try {
    await scene.server.command('SADD', 'queues', 'mail', 'broken')
    await scene.server.command('LPUSH', 'queue:mail', job('fine'))
    await scene.server.command('SET', 'queue:broken', 'by another program')
    const shown = await scene.capstan('queues')
    assert.match(
      shown.stdout,
      /^broken +0 +- +broken: its key queue:broken holds a string in place of a list$/m,
    )
    assert.match(shown.stdout, /^mail +1 +\S+ +open$/m)
    const { code, stdout } = await scene.capstan('doctor', '--json')
    assert.equal(code, 1)
    const found = JSON.parse(stdout).diagnoses.find(
      ({ subject }: { subject: string }) => subject === 'queue broken',
    )
    assert.equal(found.state, 'error')
    assert.match(found.fix, /RENAME or DEL/)
  } finally {
    await scene.close()
  }
})
