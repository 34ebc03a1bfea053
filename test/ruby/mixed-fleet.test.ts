import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Random, seededRandom } from '../../src/kernel/random.ts'
import { bothRun } from './fixtures/worker/jobs/jobs.ts'
import { eventually, type RecordLine, SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const SEED = Number(process.env.CAPSTAN_TEST_SEED ?? 1)
const JOBS = 20_000
const WAVES = 20
const WAVE = JOBS / WAVES
/** One job in so many fails at first, and one waits in the schedule before. */
const FAILS = 100
const SCHEDULED = 40
/** A second or three: so that they come due while the fleet is being restarted. */
const DELAY_MS = [1_000, 3_000] as const

type Side = 'ruby' | 'node'
interface Member {
  end(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }>
}

describe('a fleet of two Sidekiqs and two of our workers', { skip: WITHOUT_RUBY }, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
  })
  after(() => redis?.close())

  const start = (side: Side): Promise<Member> =>
    side === 'ruby' ? redis.sidekiq({ queues: ['both'] }) : redis.worker('both')

  /** Jobs with numbers from `from` on, pushed by one side in three ways: at once, to fail at first, to run later. */
  async function push(side: Side, from: number): Promise<void> {
    const numbers = Array.from({ length: WAVE }, (_, n) => from + n)
    const later = numbers.filter((n) => n % SCHEDULED === 1)
    const rows = numbers.filter((n) => n % SCHEDULED !== 1).map((n): [number, number] => [n, failuresOf(n)])
    if (side === 'ruby') {
      await redis.ruby.run(
        'BothRun.perform_bulk(args[0]); args[1].each { |n| BothRun.perform_in(n % 3 + 0.5, n) }; nil',
        rows,
        later,
      )
      return
    }
    await bothRun.enqueueMany(rows)
    await Promise.all(later.map((n) => bothRun.in(DELAY_MS[n % 2]!).enqueue(n)))
  }

  const lines = async () => [...(await redis.records('ruby')), ...(await redis.records('node'))]
  const done = async () => (await lines()).filter(({ failed }) => !failed)

  /** Pushes all waves, by both sides in turn, and after each ends one member by chance and starts another like it. */
  async function run(random: Random, sides: Side[]): Promise<void> {
    const members = await Promise.all(sides.map(start))
    for (let wave = 0; wave < WAVES; wave++) {
      await push(wave % 2 === 0 ? 'ruby' : 'node', wave * WAVE)
      const chosen = Math.floor(random.float() * members.length)
      assert.deepEqual(await members[chosen]!.end('SIGTERM'), { code: 0, signal: null })
      members[chosen] = await start(sides[chosen]!)
    }
    // A Sidekiq holds a due job in its hands between the schedule and the queue, where no size shows it.
    await eventually(
      'nothing waits and every job is done',
      async () => (await redis.ruby.run(NOTHING_WAITS)) && (await done()).length >= JOBS,
    )
    for (const member of members) assert.deepEqual(await member.end('SIGTERM'), { code: 0, signal: null })
  }

  test(`does ${JOBS} jobs of both clients while its members are restarted: each once, none lost (seed ${SEED})`, async () => {
    await run(seededRandom(SEED), ['ruby', 'node', 'ruby', 'node'])
    const finished = await done()
    const count = new Map<unknown, number>()
    for (const { number } of finished) count.set(number, (count.get(number) ?? 0) + 1)
    const wrong = Array.from({ length: JOBS }, (_, n) => n).filter((n) => count.get(n) !== 1)
    assert.deepEqual(
      wrong.map((n) => [n, count.get(n)]),
      [],
      'numbers that were not done once',
    )
    assert.equal(finished.length, JOBS)
    for (const side of ['ruby', 'node'])
      assert.ok(share(finished, side) > JOBS / 50, `${side} did its share: ${share(finished, side)}`)
  })

  test('counts every run and every failure, in all and for the day', async () => {
    const runs = await lines()
    const failed = runs.filter((line) => line.failed).length
    assert.ok(failed >= JOBS / FAILS, `${failed} runs failed`)
    const sums = 'h = Sidekiq::Stats::History.new(2); [h.processed.values.sum, h.failed.values.sum]'
    assert.deepEqual(await redis.ruby.run('s = Sidekiq::Stats.new; [s.processed, s.failed]'), [
      runs.length,
      failed,
    ])
    assert.deepEqual(await redis.ruby.run(sums), [runs.length, failed])
  })

  test('leaves nothing behind: no job, no process, nothing in flight', async () => {
    const keys = await redis.lines('KEYS', '*')
    assert.deepEqual(
      keys.filter((key) => !LASTING.test(key)),
      [],
    )
    for (const key of keys.filter((name) => EXPIRING.test(name))) {
      assert.ok(Number(await redis.server.command('TTL', key)) > 0, `${key} expires`)
    }
  })
})

/** Bars to the waits of those who left, and names of pushes; they expire. */
const EXPIRING = /^(capstan:(inflight:.+:|push:)|[^:]+:\d+:[0-9a-f]{12}$)/
const LASTING = new RegExp(`^(runs:|stat:|queues$)|${EXPIRING.source}`)

const NOTHING_WAITS =
  's = Sidekiq::Stats.new; [s.enqueued, s.scheduled_size, s.retry_size, s.dead_size].all?(&:zero?)'

/** Only of those that run at once: half of the others' failures would come after the end. */
function failuresOf(number: number): number {
  return number % FAILS === 0 ? 1 : 0
}

function share(lines: readonly RecordLine[], side: string): number {
  return lines.filter(({ by }) => by === side).length
}
