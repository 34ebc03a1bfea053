import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { EnqueueError } from '../../src/index.ts'
import type { Connection as Wire } from '../../src/store/redis/connection.ts'
import { noted } from './fixtures/worker/jobs/noted.ts'
import { eventually } from './redis-fixture.ts'
import { NEEDS_REDIS, Scene } from './scene.ts'
import type { WorkerProcess } from './worker-process.ts'

const DURABLE = { redis: { appendOnly: true } }
const JOBS = 400
const JOB_MS = 20
/** The promise is a second; the machine may be busy with other tests. */
const BACK_AT_WORK_MS = 5_000
/** A call answers within five seconds, and is begun on a machine that may be busy. */
const ANSWER_MS = 7_000

interface Line {
  readonly id: string
  readonly begun: number
}

async function diaryOf(scene: Scene): Promise<Line[]> {
  return (await scene.lines()).map((line) => {
    const [id, begun] = line.split(' ')
    return { id: id!, begun: Number(begun) }
  })
}

/** How often each job has run, when that is not once, or not never for one that is not among these. */
async function miscounted(scene: Scene, ids: readonly string[]): Promise<Array<[string, number]>> {
  const counts = new Map(ids.map((id) => [id, 0]))
  for (const { id } of await diaryOf(scene)) counts.set(id, (counts.get(id) ?? 0) + 1)
  const expected = new Set(ids)
  return [...counts].filter(([id, count]) => count !== (expected.has(id) ? 1 : 0))
}

const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`)
const rowsOf = (scene: Scene, ids: readonly string[]) =>
  ids.map((id): [string, string, number] => [scene.diary, id, JOB_MS])

async function open(t: TestContext): Promise<Scene> {
  const scene = await Scene.open('redis', DURABLE)
  t.after(() => scene.close())
  return scene
}

const hasRun = (scene: Scene, count: number) =>
  eventually(async () => assert.ok((await scene.lines()).length >= count))

interface Attempt {
  readonly id: string
  readonly error: EnqueueError | null
  readonly tookMs: number
}

async function enqueue(scene: Scene, id: string, token?: string): Promise<Attempt> {
  const begun = performance.now()
  const job = token === undefined ? noted : noted.with({ token })
  const error = await job.enqueue(scene.diary, id, 0).then(
    () => null,
    (thrown: unknown) => {
      assert.ok(thrown instanceof EnqueueError, String(thrown))
      return thrown
    },
  )
  return { id, error, tookMs: performance.now() - begun }
}

/** Enqueues one job after the other, some under way at any moment, until it is told to end. */
async function keepEnqueueing(scene: Scene, until: AbortSignal): Promise<Attempt[]> {
  const attempts: Array<Promise<Attempt>> = []
  while (!until.aborted) {
    attempts.push(enqueue(scene, `client-${attempts.length}`))
    await sleep(5)
  }
  return Promise.all(attempts)
}

interface Outage {
  readonly gone: number
  readonly back: number
}

/** Kills the server, starts it after a while, and returns when that was. */
async function outage({ server }: Scene, seconds: number, meanwhile = async () => {}): Promise<Outage> {
  await server.kill()
  const gone = Date.now()
  await Promise.all([sleep(seconds * 1_000), meanwhile()])
  await server.restart()
  await eventually(async () => assert.equal(await server.command('PING'), 'PONG'))
  return { gone, back: Date.now() }
}

/** What is enqueued in one turn of the event loop is sent at its end. */
async function sent(): Promise<void> {
  for (let turn = 1; turn <= 3; turn++) await setImmediate()
}

/** Calls that are sent to a server which stands still. */
async function enqueueInVain(scene: Scene, ids: readonly string[]): Promise<Array<Promise<Attempt>>> {
  process.kill(scene.server.pid(), 'SIGSTOP')
  const attempts = ids.map((id) => enqueue(scene, id))
  await sent()
  return attempts
}

/**
 * Cuts all connections at a moment when the server has commands to read: those that it reads before the cut are
 * executed and not answered.
 */
async function cut(scene: Scene, wire: Wire, ids: readonly string[]): Promise<Array<Promise<Attempt>>> {
  const attempts = await enqueueInVain(scene, ids)
  const killed = wire.request(['CLIENT', 'KILL', 'TYPE', 'normal'])
  await sent()
  process.kill(scene.server.pid(), 'SIGCONT')
  assert.ok(Number(await killed) > 0)
  return attempts
}

/** Looks at how calls were answered, repeats those whose fate is unknown, and returns what must run. */
async function toRun(scene: Scene, attempts: readonly Attempt[]): Promise<string[]> {
  for (const { error, tookMs } of attempts) {
    assert.ok(error === null || /^store\.(not_stored|unknown)$/.test(error.code), error?.code)
    assert.ok(tookMs < ANSWER_MS, `${tookMs} ms`)
  }
  const unknown = attempts.filter(({ error }) => error?.code === 'store.unknown')
  const repeated = await Promise.all(unknown.map(({ id, error }) => enqueue(scene, id, error!.token)))
  assert.ok(repeated.every(({ error }) => error === null))
  return [...attempts, ...repeated].filter(({ error }) => error === null).map(({ id }) => id)
}

/** From the server's first answer to the beginning of the next job, which may have come before we saw the answer. */
async function backAtWorkMs(scene: Scene, { gone, back }: Outage): Promise<number> {
  // What was claimed before the server died begins within its first moments.
  const isAfter = ({ begun }: Line) => begun > gone + 1_000
  const lines = await eventually(async () => {
    const found = (await diaryOf(scene)).filter(isAfter)
    assert.ok(found.length > 0, 'nothing runs since the server is back')
    return found
  })
  return Math.min(...lines.map(({ begun }) => begun)) - back
}

function assertFewLines({ lines }: WorkerProcess, seconds: number): void {
  const about = lines.filter(({ msg }) => /store|Redis/.test(String(msg)))
  assert.ok(about.some(({ msg }) => msg === 'the store failed; waiting for it, no job is lost'))
  assert.ok(about.length <= seconds * 1.5 + 8, `${about.length} lines in ${seconds} s`)
}

describe('an outage of Redis', { ...NEEDS_REDIS, timeout: 110_000 }, () => {
  test('of 3 s: work goes on at once, nothing is lost or runs twice, and no enqueue call fails', async (t) => {
    const scene = await open(t)
    const ids = names('job', JOBS)
    await noted.enqueueMany(rowsOf(scene, ids))
    const worker = scene.work()
    await hasRun(scene, 20)
    const over = new AbortController()
    const enqueueing = keepEnqueueing(scene, over.signal)
    await hasRun(scene, 60)
    const times = await outage(scene, 3)
    const ms = await backAtWorkMs(scene, times)
    over.abort()
    const attempts = await enqueueing
    t.diagnostic(`at work ${ms} ms after the server answered; ${attempts.length} jobs enqueued meanwhile`)
    assert.ok(ms < BACK_AT_WORK_MS, `${ms} ms`)
    const stored = await toRun(scene, attempts)
    assert.equal(stored.length, attempts.length, 'it was shorter than the time a call may take')
    await scene.drained()
    assert.deepEqual(await miscounted(scene, [...ids, ...stored]), [])
    assertFewLines(worker, (times.back - times.gone) / 1_000)
    assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  })

  test('of 15 s: enqueue calls fail in time, what was not stored never runs, and work goes on at once', async (t) => {
    const scene = await open(t)
    const ids = names('job', JOBS)
    await noted.enqueueMany(rowsOf(scene, ids))
    const worker = scene.work()
    await hasRun(scene, 60)
    const unanswered = await enqueueInVain(scene, names('unknown', 20))
    const refused: Attempt[] = []
    const times = await outage(scene, 15, async () => {
      refused.push(...(await Promise.all(names('refused', 50).map((id) => enqueue(scene, id)))))
    })
    const ms = await backAtWorkMs(scene, times)
    t.diagnostic(`at work ${ms} ms after the server answered`)
    assert.ok(ms < BACK_AT_WORK_MS, `${ms} ms`)
    assert.ok(refused.every(({ error }) => error !== null))
    const unknown = await Promise.all(unanswered)
    assert.ok(unknown.every(({ error }) => error?.code === 'store.unknown'))
    const stored = await toRun(scene, [...unknown, ...refused])
    await scene.drained()
    assert.deepEqual(await miscounted(scene, [...ids, ...stored]), [])
    assertFewLines(worker, (times.back - times.gone) / 1_000)
    assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  })

  test('in moments: connections that are cut again and again lose nothing and run nothing twice', async (t) => {
    const scene = await open(t)
    const worker = scene.work()
    await worker.said('ready')
    const wire = await scene.wire()
    const over = new AbortController()
    const enqueueing = keepEnqueueing(scene, over.signal)
    const ids = names('job', JOBS)
    await noted.enqueueMany(rowsOf(scene, ids))
    const around: Array<Promise<Attempt>> = []
    for (let round = 1; round <= 20; round++) {
      const { length } = await scene.lines()
      around.push(...(await cut(scene, wire, names(`around-${round}`, 3))))
      await hasRun(scene, length + 1)
    }
    over.abort()
    const attempts = [...(await enqueueing), ...(await Promise.all(around))]
    const failed = attempts.filter(({ error }) => error !== null)
    assert.deepEqual(failed, [], 'a client that is cut off for a moment repeats by itself')
    await scene.drained()
    assert.deepEqual(await miscounted(scene, [...ids, ...attempts.map(({ id }) => id)]), [])
    assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  })
})
