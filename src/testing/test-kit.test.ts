import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineJob } from '../client/define-job.ts'
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
