import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { eventually } from '../system/redis-fixture.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'
import { WorkerProcess } from '../system/worker-process.ts'
import { payloadsOf } from './fixtures/payloads.ts'

const FIXTURE = join(import.meta.dirname, 'fixtures/worker')
/** The longest that Sidekiq takes, so that the age of the fixtures does not matter. */
const ENDLESS = '"retry_for":1000000000'
const PAYLOADS = [...payloadsOf(7), ...payloadsOf(8)].map((text) => text.replace('"retry_for":3600', ENDLESS))
const HOUR_SECONDS = 3_600

interface Line {
  readonly jid: string
  readonly args: readonly unknown[]
  readonly attempt: number
}

let server: RedisServer
let directory: string
let worker: WorkerProcess
before(async () => {
  server = await startRedisServer()
  directory = await mkdtemp(join(tmpdir(), 'capstan-versions-'))
  worker = new WorkerProcess(FIXTURE, { REDIS_URL: server.url, DIARY: join(directory, 'diary') })
  await worker.said('ready')
})
beforeEach(async () => {
  await server.command('DEL', 'schedule', 'retry', 'dead')
  await writeFile(join(directory, 'diary'), '')
})
after(async () => {
  await worker?.end('SIGTERM')
  await server.stop()
  await rm(directory, { recursive: true })
})

const lines = async (...words: string[]) => (await server.command(...words)).split('\n').filter(Boolean)
const jidOf = (payload: string): string => JSON.parse(payload).jid
const inTheEnd = async (what: string, look: () => Promise<boolean>) =>
  eventually(async () => assert.ok(await look(), `never happened: ${what}`))

/** Waits until each has run well, once, and returns what it wrote. */
async function run(payloads: readonly string[]): Promise<Map<string, Line>> {
  const written = async () => {
    const text = await readFile(join(directory, 'diary'), 'utf8')
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line)
  }
  await inTheEnd('all have run', async () => (await written()).length >= payloads.length)
  const found = await written()
  assert.deepEqual(found.map(({ jid }) => jid).toSorted(), payloads.map(jidOf).toSorted())
  return new Map(found.map((line) => [line.jid, line]))
}

/** Runs the body while a file is there that the job looks for. */
async function whileThereIs(name: 'hold' | 'fail', body: () => Promise<void>): Promise<void> {
  const file = join(directory, name)
  await writeFile(file, '')
  try {
    await body()
  } finally {
    await rm(file)
  }
}

/** Lets all of them fail, and returns what stands in a set then, by jid. */
async function failed(payloads: readonly string[], set = 'retry'): Promise<Map<string, string>> {
  await whileThereIs('fail', async () => {
    await server.command('LPUSH', 'queue:a', ...payloads)
    await inTheEnd(
      'all have failed',
      async () => Number(await server.command('ZCARD', set)) === payloads.length,
    )
  })
  return new Map((await lines('ZRANGE', set, '0', '-1')).map((text) => [jidOf(text), text]))
}

const attemptAfter = (payload: string) => (JSON.parse(payload).retry_count === undefined ? 1 : 2)

describe('a worker of ours and the payloads of Sidekiq 7 and 8', () => {
  test('runs each of them, with its arguments, the inner ones of a Rails job, and its attempt', async () => {
    await server.command('LPUSH', 'queue:a', ...PAYLOADS)
    const ran = await run(PAYLOADS)
    for (const payload of PAYLOADS) {
      const { args, wrapped, jid } = JSON.parse(payload)
      const { args: got, attempt } = ran.get(jid)!
      assert.deepEqual(got, wrapped === undefined ? args : args[0].arguments)
      assert.equal(attempt, attemptAfter(payload))
    }
    for (const set of ['retry', 'dead']) assert.equal(await server.command('ZCARD', set), '0')
  })

  test('keeps the text of each that fails, its times in their units, but for what a failure says', async () => {
    const retries = await failed(PAYLOADS)
    for (const payload of PAYLOADS) {
      const text = retries.get(jidOf(payload))!
      const was = JSON.parse(payload)
      const kept = payload.slice(1, -1).split(',"error_message"')[0]!
      for (const part of kept.split(/,(?="\w+":)/)) assert.ok(text.includes(part), `${part} is in ${text}`)
      const { retry_count, failed_at, retried_at, error_message } = JSON.parse(text)
      assert.deepEqual([error_message, retry_count], ['not now', attemptAfter(payload) - 1])
      if (was.failed_at !== undefined)
        assert.ok(text.includes(`"failed_at":${was.failed_at}`), 'the unit stays')
      const now = Date.now() / 1000
      const written = was.failed_at === undefined ? failed_at : retried_at
      assert.ok(Math.abs(written - now) < HOUR_SECONDS, `${written} is seconds, about ${now}`)
      assert.match(text, /"(failed|retried)_at":\d{10}\.\d+/)
    }
  })

  test('brings back what is due in the retry set, and runs it as the next attempt', async () => {
    const retries = await failed(PAYLOADS)
    for (const text of retries.values()) await server.command('ZADD', 'retry', 'XX', '1.5', text)
    const ran = await run(PAYLOADS)
    for (const payload of PAYLOADS) assert.equal(ran.get(jidOf(payload))!.attempt, attemptAfter(payload) + 1)
  })

  test('brings what is due in the schedule to its queue with a fresh enqueued_at and all other bytes', async () => {
    const withoutMoment = (text: string) => text.replace(/,"enqueued_at":[\d.]+/, '')
    await whileThereIs('fail', async () => {
      for (const payload of PAYLOADS) await server.command('ZADD', 'schedule', '1.5', withoutMoment(payload))
      await inTheEnd(
        'all have failed',
        async () => Number(await server.command('ZCARD', 'retry')) === PAYLOADS.length,
      )
    })
    for (const text of await lines('ZRANGE', 'retry', '0', '-1')) {
      const payload = PAYLOADS.find((one) => jidOf(one) === jidOf(text))!
      const front = withoutMoment(payload).slice(0, payload.indexOf(',"created_at"'))
      assert.ok(text.startsWith(front), `${text} starts with ${front}`)
      assert.match(text, /"enqueued_at":\d{10}\.\d+/)
    }
  })

  test('tries a job with retry_for again by time, however often, and buries it when the time is over', async () => {
    const { jid: _, ...job } = JSON.parse(PAYLOADS[1]!)
    const now = Date.now()
    const since = (jid: string, failed_at: number) =>
      JSON.stringify({ ...job, jid, retry: 5, retry_for: HOUR_SECONDS, retry_count: 7, failed_at })
    const young = since('young', now - 10_000)
    const old = since('old', now / 1000 - HOUR_SECONDS - 10.5)
    assert.deepEqual([...(await failed([young])).keys()], ['young'])
    assert.deepEqual([...(await failed([old], 'dead')).keys()], ['old'])
  })
})

/** A process as the pages of 7 and 8 read it: every field that one of them would miss. */
async function processAsRead(identity: string) {
  const names = ['info', 'busy', 'beat', 'quiet', 'rss', 'rtt_us', 'concurrency']
  const values = await lines('HMGET', identity, ...names)
  const { info, ...rest } = Object.fromEntries(names.map((name, i) => [name, values[i]!]))
  return { info: JSON.parse(info!), ...rest } as { info: Record<string, unknown> } & Record<string, string>
}

describe('a worker of ours, as Sidekiq 7 and 8 read it', () => {
  test('says what they show of a process', async () => {
    const [identity] = await lines('SMEMBERS', 'processes')
    const { info, busy, beat, quiet, rss, rtt_us, concurrency } = await processAsRead(identity!)
    assert.equal(info.identity, identity)
    assert.equal(info.pid, worker.child.pid)
    // 7 adds up the first, 8.1.2 the second.
    assert.equal(String(info.concurrency), concurrency)
    assert.deepEqual(info.weights, [{ a: 0 }])
    assert.deepEqual(info.capsules, { default: { concurrency: 10, mode: 'strict', weights: { a: 0 } } })
    assert.deepEqual([info.queues, info.labels, info.embedded], [['a'], [], false])
    assert.ok(typeof info.version === 'string' && typeof info.tag === 'string')
    assert.ok(Math.abs((info.started_at as number) - Date.now() / 1000) < HOUR_SECONDS, 'seconds in 8, too')
    assert.ok(Math.abs(Number(beat) - Date.now() / 1000) < HOUR_SECONDS)
    assert.match([busy, rss, rtt_us].join(), /^\d+,\d+,\d+$/)
    assert.equal(quiet, 'false')
    const left = Number(await server.command('TTL', identity!))
    assert.ok(left > 0 && left <= 60, `lives ${left} s`)
  })

  test('shows the jobs that it runs with their text, in the hash of each version', async () => {
    await whileThereIs('hold', async () => {
      const [identity] = await lines('SMEMBERS', 'processes')
      await server.command('LPUSH', 'queue:a', ...PAYLOADS)
      for (const hash of [`${identity}:work`, `${identity}:workers`]) {
        await inTheEnd(
          'a beat tells',
          async () => Number(await server.command('HLEN', hash)) === PAYLOADS.length,
        )
        const works = (await lines('HVALS', hash)).map((text) => JSON.parse(text))
        assert.deepEqual(works.map(({ payload }) => payload).toSorted(), PAYLOADS.toSorted())
        for (const { queue, run_at } of works) {
          assert.equal(queue, 'a')
          assert.ok(Number.isInteger(run_at) && Math.abs(run_at - Date.now() / 1000) < HOUR_SECONDS)
        }
      }
      assert.equal((await processAsRead(identity!)).busy, String(PAYLOADS.length))
    })
    await run(PAYLOADS)
  })
})
