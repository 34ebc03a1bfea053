import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Claim } from '../../src/store/exchange.ts'
import type { Connection } from '../../src/store/redis/connection.ts'
import { noted } from './fixtures/worker/jobs/noted.ts'
import { ANN, beatOf, eventually } from './redis-fixture.ts'
import { NEEDS_REDIS, Scene, STORES } from './scene.ts'
import type { WorkerProcess } from './worker-process.ts'

const DEADLINE = { timeout: 100_000 }
/** Past the limit of a payload, with its ends to be told apart. */
const HUGE = `{"class":"Noted","args":["${'0123456789abcdeé'.repeat(620_000)}"],"jid":"huge"}`
const UTF_8_CUT = Buffer.from('{"class":"Noted","args":["/dev/null","caf\xe9",0],"jid":"latin"}', 'latin1')

/** What is wrong, the payload, and the reason that an operator is shown. */
type Wrong = readonly [what: string, payload: string | Buffer, reason: RegExp]

const WRONG: readonly Wrong[] = [
  ['not JSON', 'not JSON at all', /not valid JSON/],
  ['half of it', '{"class":"Noted","args":["', /not valid JSON/],
  ['empty', '', /not valid JSON/],
  ['null', 'null', /not a JSON object/],
  ['an array', '[]', /not a JSON object/],
  ['a text', '"Noted"', /not a JSON object/],
  ['odd spaces', '  {"class":"Noted" ,\t"args":1.0 , "jid":"spaces"}\r\n', /"args" is not an array/],
  ['no class', '{"args":[],"jid":"no class"}', /"class" is not a non-empty string/],
  ['a class that is a number', '{"class":1,"args":[],"jid":"class"}', /"class" is not/],
  ['no args', '{"class":"Noted","jid":"no args"}', /"args" is not an array/],
  ['args that are text', '{"class":"Noted","args":"x","jid":"text"}', /"args" is not an array/],
  ['args that are an object', '{"class":"Noted","args":{"0":1},"jid":"object"}', /"args" is not an array/],
  ['tags that are a text', '{"class":"Noted","args":[],"jid":"tags","tags":"x"}', /"tags" is not/],
  ['a jid that is a number', '{"class":"Noted","args":[],"jid":7}', /"jid" is not/],
  ['no jid', '{"class":"Noted","args":[]}', /"jid" is not/],
  ['a queue that is a list', '{"class":"Noted","args":[],"jid":"queue","queue":["a"]}', /"queue" is not/],
  ['a count in words', '{"class":"Noted","args":[],"jid":"c","retry_count":"x"}', /"retry_count" is not/],
  ['ten megabytes', HUGE, /larger than \d+ bytes/],
]

const NOT_UTF_8: readonly Wrong[] = [
  ['bytes that are no UTF-8', Buffer.from([0xff, 0xfe, 0x00, 0x80]), /not valid/],
  ['an argument that is no UTF-8', UTF_8_CUT, /not valid UTF-8/],
]

interface Corpse {
  readonly reason: string | null
  readonly malformed: string | null
  readonly payload: string
}

const text = (payload: string | Buffer) => payload.toString()
const bytes = (payload: string | Buffer) => Buffer.from(payload)
/** A megabyte in a failed comparison helps nobody. */
const shown = (payload: Buffer) =>
  payload.length < 200 ? payload.toString('latin1') : `${payload.length} bytes`

function assertSameBytes(found: readonly Buffer[], expected: readonly Buffer[]): void {
  assert.deepEqual(found.map(shown).toSorted(), expected.map(shown).toSorted())
  const sorted = (all: readonly Buffer[]) => all.toSorted(Buffer.compare)
  assert.ok(sorted(found).every((each, index) => each.equals(sorted(expected)[index]!)))
}

async function assertReasons(scene: Scene, wrongs: readonly Wrong[]): Promise<void> {
  const { code, stdout, stderr } = await scene.capstan('jobs', 'dead', '--json', '--limit', '100')
  assert.equal(code, 0, stderr)
  const { jobs } = JSON.parse(stdout) as { jobs: Corpse[] }
  for (const [what, payload, reason] of wrongs) {
    const corpse = jobs.find((job) => job.payload === text(payload))
    assert.ok(corpse, `${what}: is not shown`)
    assert.match(corpse.reason ?? '', reason, what)
  }
}

describe('on Redis', { ...NEEDS_REDIS, ...DEADLINE }, () => {
  const wrongs = [...WRONG, ...NOT_UTF_8]
  let scene: Scene
  let worker: WorkerProcess
  let wire: Connection
  before(async () => {
    scene = await Scene.open('redis')
    worker = scene.work()
    await worker.said('ready')
    wire = await scene.wire()
  })
  after(async () => {
    await scene.close()
  })

  const push: Readonly<Record<string, (payload: string | Buffer) => Promise<unknown>>> = {
    'a queue': (payload) => wire.request(['LPUSH', 'queue:default', bytes(payload)]),
    'the schedule': (payload) => wire.request(['ZADD', 'schedule', 1, bytes(payload)]),
    'the retry set': (payload) => wire.request(['ZADD', 'retry', 1, bytes(payload)]),
  }

  for (const [index, place] of Object.keys(push).entries()) {
    test(`what nobody can run goes from ${place} to the dead set as it is, and what comes after it runs`, async () => {
      await wire.request(['DEL', 'dead'])
      for (const [, payload] of wrongs) await push[place]!(payload)
      await noted.enqueue(scene.diary, `good ${index}`, 0)
      await eventually(async () => {
        assert.ok((await scene.lines()).some((line) => line.startsWith(`good ${index} `)))
        const kept = Number(await scene.server.command('ZCARD', 'dead'))
        assert.equal(kept, wrongs.length)
      })
      const dead = (await wire.request(['ZRANGE', 'dead', 0, -1], true)) as Buffer[]
      assertAsPushed(dead, wrongs, place)
      if (place === 'a queue') await assertReasons(scene, wrongs)
      assert.equal(worker.child.exitCode, null)
      await scene.drained()
    })
  }
})

test('an operator who retries what is no UTF-8 does not change its bytes', {
  ...NEEDS_REDIS,
  ...DEADLINE,
}, async (t) => {
  const scene = await Scene.open('redis')
  t.after(() => scene.close())
  const { store } = scene.connection
  const wire = await scene.wire()
  await wire.request(['ZADD', 'dead', 5, UTF_8_CUT])
  const [entry] = await store.list({ set: 'dead' }, { offset: 0, limit: 1 })
  const move = { to: 'queue', queue: 'default', payload: `${entry!.payload} ` } as const
  assert.equal(await store.move({ set: 'dead' }, entry!.ref, move), true)
  assertSameBytes((await wire.request(['LRANGE', 'queue:default', 0, -1], true)) as Buffer[], [UTF_8_CUT])
})

test('a claim says that its bytes are no UTF-8, also when the store is asked again what is in flight', {
  ...NEEDS_REDIS,
  ...DEADLINE,
}, async (t) => {
  const scene = await Scene.open('redis')
  t.after(() => scene.close())
  const { store } = scene.connection
  const wire = await scene.wire()
  const honest = '{"class":"Noted","args":["\ufffd"],"jid":"honest"}'
  await wire.request(['LPUSH', 'queue:default', UTF_8_CUT, honest])
  await store.heartbeat(beatOf(ANN))
  const request = { identity: ANN, now: Date.now(), settle: [], queues: ['default'], count: 2 }
  const reasons = (claims: readonly Claim[]) => claims.map(({ unreadable }) => unreadable ?? null).toSorted()
  assert.deepEqual(reasons((await store.exchange(request)).claims), ['not valid UTF-8', null])
  assert.deepEqual(reasons(await store.inFlight(ANN)), ['not valid UTF-8', null])
})

describe('on SQLite', DEADLINE, () => {
  let scene: Scene
  let worker: WorkerProcess
  before(async () => {
    scene = await Scene.open('sqlite')
    worker = scene.work()
    await worker.said('ready')
  })
  after(() => scene.close())

  const push: Readonly<Record<string, (payloads: string[]) => Promise<void>>> = {
    'a queue': (payloads) => pushText(scene, payloads, null),
    'the schedule': (payloads) => pushText(scene, payloads, 1),
    'the retry set': (payloads) => pushToRetry(scene, payloads),
  }

  for (const [index, place] of Object.keys(push).entries()) {
    test(`what nobody can run goes from ${place} to the dead set as it is, and what comes after it runs`, async () => {
      const { store } = scene.connection
      await store.clear({ set: 'dead' })
      await push[place]!(WRONG.map(([, payload]) => text(payload)))
      await noted.enqueue(scene.diary, `good ${index}`, 0)
      await eventually(async () => {
        assert.ok((await scene.lines()).some((line) => line.startsWith(`good ${index} `)))
        assert.equal((await store.stats(Date.now(), 1)).dead, WRONG.length)
      })
      const dead = await store.list({ set: 'dead' }, { offset: 0, limit: 100 })
      assertAsPushed(
        dead.map(({ payload }) => bytes(payload)),
        WRONG,
        place,
      )
      if (place === 'a queue') await assertReasons(scene, WRONG)
      assert.equal(worker.child.exitCode, null)
      await scene.drained()
    })
  }
})

for (const kind of STORES) {
  test(
    `on ${kind}, doubled keys count as the last of them, and depth is no fault: the jobs run once`,
    DEADLINE,
    async (t) => {
      const scene = await Scene.open(kind)
      t.after(() => scene.close())
      const args = (id: string) => JSON.stringify([scene.diary, id, 0])
      const deep = `${'['.repeat(101)}${']'.repeat(101)}`
      const doubled = `{"class":"Nobody","args":[],"jid":"2","class":"Noted","args":${args('doubled')}}`
      const nested = `{"class":"Noted","args":${args('nested').slice(0, -1)},${deep}],"jid":"101"}`
      await pushText(scene, [doubled, nested], null)
      const worker = scene.work()
      await scene.drained()
      assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
      const ids = (await scene.lines()).map((line) => line.split(' ')[0])
      assert.deepEqual(ids.toSorted(), ['doubled', 'nested'])
      assert.equal((await scene.connection.store.stats(Date.now(), 1)).dead, 0)
    },
  )
}

let pushes = 0
function pushText({ connection }: Scene, payloads: readonly string[], at: number | null): Promise<void> {
  pushes += 1
  const jobs = payloads.map((payload) => ({ queue: 'default', payload, at }))
  return connection.store.push({ token: `malformed ${pushes}`, now: Date.now(), jobs })
}

/** By way of a worker that claims them and says that they failed. */
async function pushToRetry({ connection: { store } }: Scene, payloads: readonly string[]): Promise<void> {
  const now = Date.now()
  const jobs = payloads.map((payload) => ({ queue: 'nowhere', payload, at: null }))
  await store.push({ token: 'to be retried', now, jobs })
  await store.heartbeat(beatOf(ANN, { now }))
  const request = { identity: ANN, now, queues: ['nowhere'] }
  const { claims } = await store.exchange({ ...request, settle: [], count: payloads.length })
  const settle = claims.map(({ token, payload }) => ({ token, to: 'retry', payload, at: 1 }) as const)
  await store.exchange({ ...request, settle, count: 0 })
  await store.leave(ANN, now)
}

/** A job whose payload is sound is promoted first: its `enqueued_at` is new, all else as it was. */
function assertAsPushed(dead: readonly Buffer[], wrongs: readonly Wrong[], place: string): void {
  const isPromoted = (payload: string | Buffer) => place !== 'a queue' && text(payload).includes('"Nobody"')
  const expected = wrongs.map(([, payload]) => payload)
  const untouched = expected.filter((payload) => !isPromoted(payload)).map(bytes)
  const changed = expected.filter(isPromoted).map((payload) => text(payload).slice(0, -1))
  const isNew = (found: Buffer) =>
    changed.some((head) => found.toString().startsWith(`${head},"enqueued_at"`))
  assertSameBytes(
    dead.filter((found) => !isNew(found)),
    untouched,
  )
  assert.equal(dead.filter(isNew).length, changed.length)
}
