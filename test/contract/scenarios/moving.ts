import assert from 'node:assert/strict'
import type { Entry, EntryRef, Place } from '../../../src/store/inspection.ts'
import { ALL, ANN, job, payloadsOf, type Scenarios, type Stage, T0 } from '../stage.ts'
import { oneOfEach } from './inspecting.ts'

const jobs = (...names: string[]) => names.map(job)

/** One place of each kind that `oneOfEach` fills, with the payload of its first entry. */
const PLACES: ReadonlyArray<readonly [Place, string]> = [
  [{ queue: 'a' }, job('queued a1')],
  [{ set: 'schedule' }, job('scheduled')],
  [{ set: 'retry' }, job('retry')],
  [{ set: 'dead' }, job('dead')],
]

async function entryOf(stage: Stage, place: Place, payload: string): Promise<Entry> {
  const entry = (await stage.store.list(place, ALL)).find((each) => each.payload === payload)
  assert.ok(entry !== undefined, `no such entry: ${payload}`)
  return entry
}

export const moving: Scenarios = {
  'an entry of any place can be deleted': async (stage) => {
    await oneOfEach(stage)
    for (const [place, payload] of PLACES) {
      const { ref } = await entryOf(stage, place, payload)
      assert.equal(await stage.store.move(place, ref, { to: 'nowhere' }), true)
    }
    const { enqueued, scheduled, retries, dead } = await stage.store.stats(T0, 1)
    assert.deepEqual([enqueued, scheduled, retries, dead], [2, 0, 0, 0])
  },

  'an entry of any place can be moved to the back of a queue': async (stage) => {
    await oneOfEach(stage)
    await stage.push('z', job('waiting'))
    for (const [place, payload] of PLACES) {
      const { ref } = await entryOf(stage, place, payload)
      assert.equal(await stage.store.move(place, ref, { to: 'queue', queue: 'z', payload: null }), true)
    }
    assert.deepEqual(await stage.queued('z'), jobs('waiting', 'queued a1', 'scheduled', 'retry', 'dead'))
    assert.deepEqual(await stage.queued('a'), [job('queued a2')])
    const { scheduled, retries, dead } = await stage.store.stats(T0, 1)
    assert.deepEqual([scheduled, retries, dead], [0, 0, 0])
  },

  'an entry of a queue or a set can be moved to the dead set': async (stage) => {
    await oneOfEach(stage)
    await stage.store.clear({ set: 'dead' })
    for (const [index, [place, payload]] of PLACES.slice(0, 3).entries()) {
      const { ref } = await entryOf(stage, place, payload)
      const now = T0 + 100 + index
      assert.equal(await stage.store.move(place, ref, { to: 'dead', payload: null, now }), true)
    }
    assert.deepEqual(
      (await stage.entries('dead')).map(({ payload, at, reason }) => [payload, at, reason]),
      [
        [job('queued a1'), T0 + 100, null],
        [job('scheduled'), T0 + 101, null],
        [job('retry'), T0 + 102, null],
      ],
    )
  },

  'a moved entry may get new bytes': async (stage) => {
    await oneOfEach(stage)
    const scheduled = await entryOf(stage, { set: 'schedule' }, job('scheduled'))
    await stage.store.move({ set: 'schedule' }, scheduled.ref, {
      to: 'queue',
      queue: 'z',
      payload: job('new'),
    })
    const retry = await entryOf(stage, { set: 'retry' }, job('retry'))
    await stage.store.move({ set: 'retry' }, retry.ref, { to: 'dead', payload: job('killed'), now: T0 + 9 })
    assert.deepEqual(await stage.queued('z'), [job('new')])
    assert.deepEqual(payloadsOf(await stage.entries('dead')), jobs('dead', 'killed'))
  },

  'a job moved to a queue can be claimed there': async (stage) => {
    await oneOfEach(stage)
    const { ref } = await entryOf(stage, { set: 'dead' }, job('dead'))
    await stage.store.move({ set: 'dead' }, ref, { to: 'queue', queue: 'z', payload: null })
    assert.deepEqual(payloadsOf(await stage.claim(ANN, 1, ['z'])), [job('dead')])
  },

  'an entry that is gone cannot be moved': async (stage) => {
    await oneOfEach(stage)
    for (const [place, payload] of PLACES) {
      const { ref } = await entryOf(stage, place, payload)
      await stage.store.move(place, ref, { to: 'nowhere' })
      assert.equal(await stage.store.move(place, ref, { to: 'queue', queue: 'z', payload: null }), false)
      assert.equal(await stage.store.move(place, ref, { to: 'dead', payload: job('x'), now: T0 }), false)
      assert.equal(await stage.store.move(place, ref, { to: 'nowhere' }), false)
    }
    assert.deepEqual(await stage.queued('z'), [])
    assert.deepEqual(await stage.entries('dead'), [])
  },

  'a job that was claimed meanwhile cannot be moved': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('j1', 'j2'))
    const { ref } = await entryOf(stage, { queue: 'a' }, job('j1'))
    const claims = await stage.claim(ANN, 1)
    assert.equal(await stage.store.move({ queue: 'a' }, ref, { to: 'nowhere' }), false)
    assert.deepEqual(await stage.store.inFlight(ANN), claims)
    assert.deepEqual(await stage.queued('a'), [job('j2')])
  },

  'a job that was promoted meanwhile cannot be moved': async (stage) => {
    await stage.schedule('a', job('j1'), T0)
    const { ref } = await entryOf(stage, { set: 'schedule' }, job('j1'))
    await stage.store.promote({
      now: T0,
      limit: 1,
      route: () => ({ to: 'queue', queue: 'a', payload: null }),
    })
    assert.equal(await stage.store.move({ set: 'schedule' }, ref, { to: 'nowhere' }), false)
    assert.deepEqual(await stage.queued('a'), [job('j1')])
  },

  'a reference finds its entry after others came and went': async (stage) => {
    await stage.beat(ANN)
    await stage.push('a', ...jobs('j1', 'j2', 'j3', 'j4'))
    const { ref } = await entryOf(stage, { queue: 'a' }, job('j3'))
    await stage.claim(ANN, 1)
    await stage.push('a', job('j5'))
    const second = await entryOf(stage, { queue: 'a' }, job('j2'))
    await stage.store.move({ queue: 'a' }, second.ref, { to: 'nowhere' })
    assert.equal(await stage.store.move({ queue: 'a' }, ref, { to: 'nowhere' }), true)
    assert.deepEqual(await stage.queued('a'), jobs('j4', 'j5'))
  },

  'a reference survives being printed and is good for every connection': async (stage) => {
    const other = await stage.connect()
    await oneOfEach(stage)
    for (const [place, payload] of PLACES) {
      const { ref } = await entryOf(stage, place, payload)
      const printed = decodeURIComponent(encodeURIComponent(JSON.parse(JSON.stringify(ref)))) as EntryRef
      assert.equal(await other.move(place, printed, { to: 'nowhere' }), true)
    }
  },

  'of two entries with the same moment exactly the one meant is moved': async (stage) => {
    const names = ['first', 'second', 'third']
    for (const name of names) await stage.schedule('a', job(name), T0 + 1_000)
    const { ref } = await entryOf(stage, { set: 'schedule' }, job('second'))
    assert.equal(await stage.store.move({ set: 'schedule' }, ref, { to: 'nowhere' }), true)
    assert.deepEqual(payloadsOf(await stage.entries('schedule')).toSorted(), jobs('first', 'third'))
  },

  'of those who race to move an entry one does it': async (stage) => {
    const other = await stage.connect()
    await oneOfEach(stage)
    for (const [place, payload] of PLACES) {
      const { ref } = await entryOf(stage, place, payload)
      const toZ = { to: 'queue', queue: 'z', payload: null } as const
      const moved = await Promise.all([
        stage.store.move(place, ref, toZ),
        other.move(place, ref, toZ),
        other.move(place, ref, { to: 'nowhere' }),
      ])
      assert.equal(moved.filter((isMoved) => isMoved).length, 1)
    }
  },

  'a text that never was a reference moves nothing': async (stage) => {
    await oneOfEach(stage)
    for (const [place] of PLACES) {
      for (const ref of ['', 'nonsense', '0', '-1', '{"at":1}'] as EntryRef[]) {
        assert.equal(await stage.store.move(place, ref, { to: 'nowhere' }), false)
      }
    }
    const { enqueued, scheduled, retries, dead } = await stage.store.stats(T0, 1)
    assert.deepEqual([enqueued, scheduled, retries, dead], [3, 1, 1, 1])
  },
}
