import assert from 'node:assert/strict'
import { test } from 'node:test'
import { threadId } from 'node:worker_threads'
import { defineJob } from '../client/define-job.ts'
import { kill, snooze } from '../job/outcome.ts'
import { runInline, testKit } from './test-kit.ts'

const greeted: string[] = []
const greet = defineJob({
  name: 'Greet',
  run([name]: [string]) {
    greeted.push(name)
  },
})
const flaky = defineJob({
  name: 'Flaky',
  retry: { limit: 3, delay: () => '10s' },
  run(_args: [], { attempt }) {
    if (attempt < 3) throw new Error(`attempt ${attempt}`)
  },
})

test('what was enqueued can be looked at before it runs', async () => {
  await using kit = testKit({ jobs: [greet] })
  await greet.enqueue('Ada')
  await greet.in('10m').enqueue('Bob')
  const waiting = await kit.enqueued(greet)
  assert.deepEqual(
    waiting.map(({ args, at }) => [args, at]),
    [
      [['Ada'], null],
      [['Bob'], kit.clock.now() + 600_000],
    ],
  )
})

test('draining runs what is due and leaves what is not', async () => {
  greeted.length = 0
  await using kit = testKit({ jobs: [greet] })
  await greet.enqueue('Ada')
  await greet.in('10m').enqueue('Bob')
  assert.equal((await kit.drain()).length, 1)
  assert.deepEqual(greeted, ['Ada'])
  await kit.clock.advance(600_000)
  await kit.drain()
  assert.deepEqual(greeted, ['Ada', 'Bob'])
})

test('a failed job is retried when the clock has moved past its delay', async () => {
  await using kit = testKit({ jobs: [flaky] })
  await flaky.enqueue()
  const kinds: string[] = []
  for (let i = 0; i < 3; i++) {
    kinds.push(...(await kit.drain()).map(({ result }) => result.kind))
    await kit.clock.advance(11_000)
  }
  assert.deepEqual(kinds, ['failed', 'failed', 'done'])
  assert.deepEqual(await kit.enqueued(), [])
})

test('running inline throws what the job throws', async () => {
  await assert.rejects(runInline(flaky), /attempt 1/)
  await runInline(greet, 'Eve')
  assert.equal(greeted.at(-1), 'Eve')
})

test('a job that enqueues itself for ever ends the drain with an error', async () => {
  const again = defineJob({
    name: 'Again',
    async run() {
      await again.enqueue()
    },
  })
  await using kit = testKit({ jobs: [again] })
  await again.enqueue()
  await assert.rejects(kit.drain(), { code: 'test.endless' })
})

test('a job that the kit was not given makes the drain fail, and says what to do', async () => {
  await using kit = testKit({ jobs: [] })
  await greet.enqueue('Ada')
  await assert.rejects(kit.drain(), /name it in testKit/)
})

test('a job that is out of retries dies in the kit as in production, and a drain waits for who is told', async () => {
  const told: unknown[] = []
  const doomed = defineJob({
    name: 'Doomed',
    retry: 0,
    run([order]: [number]) {
      throw new Error(`order ${order}`)
    },
    async died([order], { error }) {
      await null
      told.push([order, error.message])
    },
  })
  await using kit = testKit({ jobs: [doomed], deathHandlers: [({ job }) => void told.push(job)] })
  await doomed.enqueue(7)
  await kit.drain()
  assert.deepEqual(told, ['Doomed', [7, 'order 7']])
})

const given = (value: unknown) => testKit(value as Parameters<typeof testKit>[0])

test('options that cannot be are refused with what was expected and what is there, before anything is set up', () => {
  const cases: Array<readonly [unknown, string, RegExp]> = [
    [undefined, 'options.invalid', /^testKit: expected an object, got undefined$/],
    [{}, 'options.invalid', /^testKit\.jobs: expected a list, got undefined$/],
    [{ jobs: greet }, 'options.invalid', /^testKit\.jobs: expected a list, got an object$/],
    [
      { jobs: [greet, 'x'] },
      'options.invalid',
      /^testKit\.jobs\[1\]: expected a job made by defineJob, got "x"$/,
    ],
    [{ job: [greet] }, 'options.unknown', /^testKit: unknown key "job"; did you mean "jobs"\?$/],
    [
      { jobs: [], deathHandlers: ['log'] },
      'options.invalid',
      /deathHandlers\[0\]: expected a function, got "log"/,
    ],
    [{ jobs: [], logger: null }, 'options.invalid', /logger: expected a logger, got null/],
  ]
  for (const [options, code, message] of cases)
    assert.throws(() => given(options), { name: 'UsageError', code, message })
})

test('what is no job is refused wherever a job is asked for', async () => {
  await using kit = testKit({ jobs: [greet] })
  const none = 'Greet' as unknown as typeof greet
  const refused = (where: string) => ({
    code: 'options.invalid',
    message: `${where}: expected a job made by defineJob, got "Greet"`,
  })
  await assert.rejects(kit.enqueued(none), refused('enqueued'))
  await assert.rejects(kit.dead(none), refused('dead'))
  await assert.rejects(runInline(none, 'Ada'), refused('runInline'))
})

test('the clock of a kit is advanced by a text as well', async () => {
  await using kit = testKit({ jobs: [greet] })
  await greet.in('10m').enqueue('Zoe')
  await kit.clock.advance('10m')
  assert.equal((await kit.drain()).length, 1)
})

test('a run says where its job is then: to be retried, put off, dead, or nowhere', async () => {
  const failing = (name: string, options: { retry?: number | false; dead?: false } = {}) =>
    defineJob({
      ...{ name, ...options },
      run() {
        throw new Error('no')
      },
    })
  const later = defineJob({ name: 'Later', run: () => snooze('1h') })
  const unwanted = defineJob({ name: 'Unwanted', run: () => kill('bad') })
  const jobs = [
    ...[failing('Again'), failing('Last', { retry: 0 }), failing('Never', { retry: false })],
    ...[failing('Unkept', { retry: 0, dead: false }), later, unwanted, greet],
  ]
  await using kit = testKit({ jobs })
  for (const job of jobs.slice(0, -1) as Array<typeof later>) await job.enqueue()
  await greet.enqueue('Ada')
  const runs = (await kit.drain()).map(({ job, result, place }) => [job, result.kind, place])
  assert.deepEqual(runs, [
    ['Again', 'failed', 'retry'],
    ['Last', 'failed', 'dead'],
    ['Never', 'failed', null],
    ['Unkept', 'failed', null],
    ['Later', 'snoozed', 'scheduled'],
    ['Unwanted', 'killed', 'dead'],
    ['Greet', 'done', null],
  ])
})

test('the dead can be looked at, with when and of what they died', async () => {
  const doomed = defineJob({
    name: 'DoomedToo',
    queue: 'orders',
    retry: 0,
    run([order]: [number]) {
      throw new Error(`order ${order}`)
    },
  })
  await using kit = testKit({ jobs: [doomed, greet] })
  const jid = await doomed.enqueue(7)
  await kit.drain()
  const diedAt = kit.clock.now()
  await kit.clock.advance('1h')
  const dead = { job: 'DoomedToo', args: [7], jid, queue: 'orders', diedAt, error: 'order 7' }
  assert.deepEqual(await kit.dead(), [dead])
  assert.deepEqual(await kit.dead(doomed), [dead])
  assert.deepEqual(await kit.dead(greet), [])
  assert.deepEqual(await kit.enqueued(), [])
})

test("a job's timeout passes with the clock of the kit, also for a job that asks for a thread", async () => {
  const threads: number[] = []
  const slow = defineJob({
    ...{ name: 'Slow', timeout: '2m', isolate: 'thread' as const, retry: 0 },
    run(_args: [], { signal }) {
      threads.push(threadId)
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    },
  })
  await using kit = testKit({ jobs: [slow] })
  await slow.enqueue()
  const draining = kit.drain()
  await kit.clock.advance('2m')
  const [run] = await draining
  assert.equal(run!.place, 'dead')
  const [dead] = await kit.dead()
  assert.match(dead!.error, /ran longer than 120000 ms/)
  assert.equal(dead!.diedAt, kit.clock.now())
  assert.deepEqual(threads, [threadId])
})
