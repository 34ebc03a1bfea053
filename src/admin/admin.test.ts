import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { silentLogger } from '../kernel/logger.ts'
import { seededRandom } from '../kernel/random.ts'
import { memoryStore } from '../store/memory/index.ts'
import type { RunningJob, WorkerInfo } from '../store/worker-record.ts'
import { SimClock } from '../testing/sim-clock.ts'
import { adminOf, type JobView } from './index.ts'

function setUp() {
  const clock = new SimClock()
  const store = memoryStore()
  const admin = adminOf({ clock, random: seededRandom(1), logger: silentLogger }, store)
  let pushes = 0
  const push = (queue: string, payload: string, at: number | null = null) =>
    store.push({ token: `push ${pushes++}`, now: clock.now(), jobs: [{ queue, payload, at }] })
  /** Takes the next job of a queue as a worker and settles it. */
  const settle = async (queue: string, to: 'retry' | 'dead', payload: string) => {
    await beat(workerInfo('settler:1:0'))
    const request = { identity: 'settler:1:0', now: clock.now(), queues: [queue], count: 1 }
    const { claims } = await store.exchange({ ...request, settle: [] })
    const token = claims[0]!.token
    const settlement =
      to === 'retry' ? { token, to, payload, at: clock.now() + 60_000 } : { token, to, payload, reason: null }
    await store.exchange({ ...request, count: 0, settle: [settlement] })
    await store.leave('settler:1:0', clock.now())
  }
  const beat = (worker: WorkerInfo, running: readonly RunningJob[] = [], quiet = false) => {
    const counts = { processed: 0, failed: 0, rssKib: 1024, roundTripUs: 100 }
    return store.heartbeat({ worker, now: clock.now(), quiet, running, ...counts })
  }
  const only = async (place: string): Promise<JobView> => {
    const { jobs } = await admin.jobs(place, { offset: 0, limit: 10 })
    assert.equal(jobs.length, 1)
    return jobs[0]!
  }
  return { clock, store, admin, push, settle, beat, only }
}

function workerInfo(identity: string): WorkerInfo {
  const [hostname, pid] = identity.split(':')
  const capsules = [
    { name: 'default', concurrency: 5, mode: 'strict' as const, weights: { mail: 0, media: 0 } },
  ]
  const process = { hostname: hostname!, pid: Number(pid), bootId: '', processStart: '', startedAt: 0 }
  return { identity, ...process, tag: '', labels: [], capsules, version: '0' }
}

const job = (jid: string, more = '') => `{"class":"Thumbnail","args":[1],"jid":"${jid}"${more}}`

test('the latency of a queue is the age of its next job, whichever way its client writes time', async () => {
  const { clock, admin, push } = setUp()
  const now = clock.now()
  await push('seconds', job('a', `,"enqueued_at":${(now / 1000).toFixed(3)}`))
  await push('millis', job('b', `,"enqueued_at":${now}`))
  await push('silent', job('c'))
  await push('broken', 'no JSON')
  await push('ahead', job('d', `,"enqueued_at":${now + 60_000}`))
  await clock.advance(1_500)
  const latencies = Object.fromEntries((await admin.queues()).map(({ name, latencyMs }) => [name, latencyMs]))
  assert.deepEqual(latencies, { seconds: 1_500, millis: 1_500, silent: null, broken: null, ahead: 0 })
})

test('a retry by hand renews enqueued_at, takes one failure back and leaves every other byte alone', async () => {
  const { clock, admin, push, settle, only } = setUp()
  const failed =
    '{"class":"A","args":[1.0,12345678901234567890],"jid":"j","queue":"mail","retry_count":3, "x" : 1e2}'
  await push('mail', failed)
  await settle('mail', 'retry', failed)
  assert.equal(await admin.retry(await only('retry')), 'done')
  const { payload, place } = await only('mail')
  assert.equal(place, 'queue:mail')
  const enqueued = (clock.now() / 1000).toFixed(1)
  const expected = `{"class":"A","args":[1.0,12345678901234567890],"jid":"j","queue":"mail","retry_count":2,"x" : 1e2,"enqueued_at":${enqueued}}`
  assert.equal(payload, expected)
})

test('a job retried by hand after its first failure stands as if it had never failed', async () => {
  const { admin, push, settle, only } = setUp()
  await push('mail', job('j'))
  await settle('mail', 'dead', job('j', ',"queue":"mail","retry_count":0'))
  assert.equal(await admin.retry(await only('dead')), 'done')
  const retried = await only('mail')
  assert.equal(retried.retryCount, null)
  assert.equal(retried.malformed, null)
})

test('an order about a job says why it changed nothing', async () => {
  const { clock, admin, push, settle, beat, only } = setUp()
  await push('mail', job('waits'))
  const waiting = await only('mail')
  assert.equal(await admin.retry(waiting), 'waiting')
  assert.equal(await admin.delete(waiting), 'done')
  assert.equal(await admin.delete(waiting), 'gone')
  await push('mail', 'no JSON')
  await settle('mail', 'dead', 'no JSON')
  assert.equal(await admin.retry(await only('dead')), 'malformed')
  assert.equal(await admin.kill(await only('dead')), 'dead')
  await beat(workerInfo('h:1:0'), [
    { token: 't', queue: 'mail', payload: job('runs'), startedAt: clock.now() },
  ])
  const running = await only('running')
  assert.equal(await admin.retry(running), 'running')
  assert.equal(await admin.kill(running), 'running')
  assert.equal(await admin.delete(running), 'running')
})

test('a killed job keeps its bytes', async () => {
  const { admin, push, only } = setUp()
  await push('mail', '{ "class":"A", "args":[1.0], "jid":"j" }')
  assert.equal(await admin.kill(await only('mail')), 'done')
  assert.equal((await only('dead')).payload, '{ "class":"A", "args":[1.0], "jid":"j" }')
})

test('retrying all of a set passes over malformed jobs and those that do not match, past the first page', async () => {
  const { clock, admin, store, push } = setUp()
  const later = clock.now() + 60_000
  for (let index = 0; index < 350; index++) {
    const payload =
      index % 3 === 0
        ? `broken ${index}`
        : job(`j${index}`, index % 3 === 1 ? ',"queue":"one"' : ',"queue":"two"')
    await push('x', payload, later + index)
  }
  assert.deepEqual(await admin.retryAll('scheduled', { text: '"two"' }), { retried: 116, malformed: 0 })
  assert.deepEqual(await admin.retryAll('scheduled'), { retried: 117, malformed: 117 })
  const { scheduled, enqueued } = await store.stats(clock.now(), 1)
  assert.deepEqual({ scheduled, enqueued }, { scheduled: 117, enqueued: 233 })
})

test('a job is found wherever it is, by its id, its class or any text in it', async () => {
  const { clock, admin, push, settle, beat } = setUp()
  await push('mail', job('dead-one'))
  await settle('mail', 'dead', job('dead-one'))
  await push('mail', job('later'), clock.now() + 1_000)
  for (let index = 0; index < 450; index++) await push('media', job(`filler${index}`))
  await push('media', '{"class":"Report","args":["M\\u00fcnchen"],"jid":"last"}')
  await beat(workerInfo('h:1:0'), [
    { token: 't', queue: 'mail', payload: job('runs'), startedAt: clock.now() },
  ])
  const ids = async (query: Parameters<typeof admin.find>[0]) =>
    (await admin.find(query)).jobs.map(({ id }) => id)
  assert.deepEqual(await ids({ ids: ['runs', 'dead-one', 'later', 'last'] }), [
    'runs',
    'later',
    'dead-one',
    'last',
  ])
  assert.deepEqual(await ids({ class: 'Report' }), ['last'])
  assert.deepEqual(await ids({ text: 'münchen' }), ['last'])
  assert.deepEqual(await ids({ text: 'FILLER44' }), [
    'filler44',
    ...Array.from({ length: 10 }, (_, n) => `filler44${n}`),
  ])
  assert.deepEqual(await ids({ class: 'Thumbnail', offset: 2, limit: 2 }), ['dead-one', 'filler0'])
  assert.deepEqual(await ids({ ids: ['last'], places: ['dead'] }), [])
})

test('a search says whether it looked at everything', async () => {
  const { admin, push } = setUp()
  for (let index = 0; index < 5; index++) await push('media', job(`j${index}`))
  assert.equal((await admin.find({ class: 'Thumbnail' })).ended, 'all')
  assert.equal((await admin.find({ class: 'Thumbnail', limit: 5 })).ended, 'all')
  assert.equal((await admin.find({ class: 'Thumbnail', limit: 4 })).ended, 'limit')
  const bounded = await admin.find({ ids: ['j4'], maxScanned: 4 })
  assert.deepEqual(bounded, { jobs: [], scanned: 4, ended: 'scan_limit' })
})

test('a job that no worker can read is shown with its bytes, and found by a name made of them', async () => {
  const { admin, push, only } = setUp()
  await push('mail', '{"class":"A","args":')
  const broken = await only('mail')
  assert.equal(broken.malformed, 'not valid JSON')
  assert.equal(broken.payload, '{"class":"A","args":')
  assert.match(broken.id, /^bytes-[0-9a-f]{16}$/)
  const { jobs } = await admin.find({ ids: [broken.id] })
  assert.equal(await admin.delete(jobs[0]!), 'done')
})

test('what can be read of a malformed job is shown: its jid, its class', async () => {
  const { push, only } = setUp()
  await push('mail', '{"class":"A","args":{},"jid":"j"}')
  const { id, jid, name, malformed } = await only('mail')
  assert.deepEqual(
    { id, jid, name, malformed },
    { id: 'j', jid: 'j', name: 'A', malformed: '"args" is not an array' },
  )
})

test('a job nested beyond all measure hides neither itself nor others', async () => {
  const { admin, push } = setUp()
  const depth = 500_000
  await push('mail', `{"class":"Deep","jid":"deep","args":[${'['.repeat(depth)}${']'.repeat(depth)}]}`)
  await push('mail', job('next'))
  const { jobs } = await admin.jobs('mail', { offset: 0, limit: 10 })
  assert.deepEqual(
    jobs.map(({ id, malformed }) => [id, malformed]),
    [
      ['deep', 'nested too deeply'],
      ['next', null],
    ],
  )
})

test('numbers of arguments are shown as they were written', async () => {
  const { push, only } = setUp()
  await push('mail', '{"class":"A","args":[12345678901234567890, 1.0, {"a":1e400}],"jid":"j"}')
  assert.equal((await only('mail')).argsText, '[12345678901234567890,1.0,{"a":1e400}]')
})

test('a Rails job is shown as the job inside its wrapper', async () => {
  const { admin, push } = setUp()
  const wrapper = 'ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper'
  const wrapped = (name: string, args: string, jid: string) =>
    `{"class":"${wrapper}","wrapped":"${name}","jid":"${jid}","args":[{"job_class":"${name}","arguments":${args}}]}`
  await push(
    'mail',
    wrapped('ResizeJob', '[{"_aj_globalid":"gid://app/Image/7"},{"w":10,"_aj_symbol_keys":["w"]}]', 'a'),
  )
  await push(
    'mail',
    wrapped('ActionMailer::MailDeliveryJob', '["UserMailer","welcome","deliver_now",{"args":[7]}]', 'b'),
  )
  const { jobs } = await admin.jobs('mail', { offset: 0, limit: 10 })
  assert.deepEqual(
    jobs.map(({ name }) => name),
    ['ResizeJob', 'UserMailer#welcome'],
  )
  assert.deepEqual(
    jobs.map(({ argsText }) => argsText),
    ['["gid://app/Image/7",{"w":10}]', '[{"args":[7]}]'],
  )
  assert.equal(jobs[0]!.class, wrapper)
  const mails = await admin.find({ class: 'UserMailer#welcome' })
  assert.deepEqual(
    mails.jobs.map(({ id }) => id),
    ['b'],
  )
})

test('a backtrace is unpacked; one that cannot be is left out', async () => {
  const { admin, push } = setUp()
  const packed = deflateSync('["a.ts:1","b.ts:2"]').toString('base64')
  const bomb = deflateSync(JSON.stringify(['x'.repeat(2_000_000)])).toString('base64')
  for (const [jid, text] of Object.entries({ good: packed, odd: 'not packed', bomb })) {
    await push('mail', job(jid, `,"error_class":"E","error_message":"m","error_backtrace":"${text}"`))
  }
  const { jobs } = await admin.jobs('mail', { offset: 0, limit: 10 })
  assert.deepEqual(
    jobs.map(({ error }) => error!.backtrace),
    [['a.ts:1', 'b.ts:2'], null, null],
  )
})

test('the dead are shown latest first, page after page', async () => {
  const { clock, admin, push, only } = setUp()
  for (const jid of ['first', 'second', 'third']) {
    await push('mail', job(jid))
    await admin.kill(await only('mail'))
    await clock.advance(1_000)
  }
  const page = async (offset: number) =>
    (await admin.jobs('dead', { offset, limit: 2 })).jobs.map(({ id }) => id)
  assert.deepEqual(await page(0), ['third', 'second'])
  assert.deepEqual(await page(2), ['first'])
  assert.deepEqual(await page(4), [])
})

test('a worker is silent once its lease has ended, and not a moment before', async () => {
  const { clock, admin, beat } = setUp()
  await beat(
    workerInfo('h:1:0'),
    [{ token: 't', queue: 'mail', payload: job('runs'), startedAt: clock.now() }],
    true,
  )
  const state = async () =>
    (await admin.workers()).map((worker) => [worker.state, worker.silentForMs, worker.concurrency])
  assert.deepEqual(await state(), [['quiet', 0, 5]])
  await clock.advance(59_999)
  assert.deepEqual(await state(), [['quiet', 59_999, 5]])
  await clock.advance(1)
  assert.deepEqual(await state(), [['silent', 60_000, 5]])
})

test('an order reaches a registered worker with its next beat, and is not left for one that is unknown', async () => {
  const { clock, admin, beat } = setUp()
  await beat(workerInfo('h:1:0'))
  assert.equal(await admin.signal('h:2:0', 'stop'), false)
  assert.equal(await admin.signal('h:1:0', 'quiet'), true)
  await clock.advance(5_000)
  assert.equal((await beat(workerInfo('h:1:0'))).signal, 'TSTP')
})

test('a queue named like a set is reached by its full name, and every answer is plain JSON', async () => {
  const { admin, push, beat } = setUp()
  await push('retry', job('j'))
  await beat(workerInfo('h:1:0'))
  assert.equal((await admin.jobs('retry', { offset: 0, limit: 1 })).total, 0)
  const page = await admin.jobs('queue:retry', { offset: 0, limit: 1 })
  assert.equal(page.total, 1)
  const answers = [
    page,
    await admin.queues(),
    await admin.workers(),
    await admin.stats(2),
    await admin.places(),
  ]
  assert.deepEqual(JSON.parse(JSON.stringify(answers)), answers)
  assert.deepEqual(await admin.knownQueues(), ['mail', 'media', 'retry'])
  await assert.rejects(admin.clear('running'), { code: 'admin.running' })
  assert.equal(await admin.clear('queue:retry'), 1)
})

test('what workers do not know is told by class, each with its worker', async () => {
  const { clock, admin, beat } = setUp()
  assert.deepEqual(await admin.unknownJobs(), [])
  const met = (name: string) => ({ class: name, queue: 'mail', count: 2, lastAt: clock.now() })
  const knowing = (identity: string, ...names: string[]) => ({
    ...workerInfo(identity),
    unknownJobs: names.map(met),
  })
  await beat(knowing('h:1:0', 'B', 'A'))
  await beat(knowing('h:2:0', 'B'))
  await beat(workerInfo('h:3:0'))
  assert.deepEqual(await admin.unknownJobs(), [
    { ...met('A'), identity: 'h:1:0' },
    { ...met('B'), identity: 'h:1:0' },
    { ...met('B'), identity: 'h:2:0' },
  ])
})

test('a deploy is marked now, where the store has charts', async () => {
  const { clock, admin, store } = setUp()
  assert.equal(await admin.markDeploy('abc'), 'unsupported')
  const told: unknown[] = []
  const charts = { ...store, markDeploy: async (...what: unknown[]) => told.push(what) === 1 }
  const marking = adminOf({ clock, random: seededRandom(1), logger: silentLogger }, charts)
  assert.deepEqual([await marking.markDeploy('abc'), await marking.markDeploy('abc')], ['marked', 'repeated'])
  assert.deepEqual(told[0], ['abc', clock.now()])
})
