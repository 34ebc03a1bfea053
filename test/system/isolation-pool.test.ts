import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePayload } from '../../src/job/payload.ts'
import { type Logger, silentLogger } from '../../src/kernel/logger.ts'
import { seededRandom } from '../../src/kernel/random.ts'
import { SimClock } from '../../src/testing/sim-clock.ts'
import { Cell } from '../../src/worker/isolation/cell.ts'
import type { CellListener, StartCell } from '../../src/worker/isolation/cell-body.ts'
import { Pool } from '../../src/worker/isolation/pool.ts'
import type { ToCell } from '../../src/worker/isolation/protocol.ts'
import { DONE } from '../../src/worker/job-result.ts'
import { JobAborted, RunningJob } from '../../src/worker/running-job.ts'

/** A cell that does nothing but what the test makes it do. */
interface Puppet {
  readonly listener: CellListener
  readonly heard: ToCell[]
  killed: number
}

function stage(options: { size?: number; starts?: number } = {}) {
  const clock = new SimClock()
  const errors: string[] = []
  const logger: Logger = { ...silentLogger, error: (message) => void errors.push(message) }
  const runtime = { clock, random: seededRandom(1), logger }
  const puppets: Puppet[] = []
  const start: StartCell = (_program, listener) => {
    const puppet: Puppet = { listener, heard: [], killed: 0 }
    puppets.push(puppet)
    const kill = () => {
      puppet.killed += 1
      listener.died('killed', null)
    }
    return { send: (message) => puppet.heard.push(message), dismiss() {}, kill, hold() {} }
  }
  const begin = () => new Cell(runtime, { entry: '/jobs.ts' }, start)
  const pool = new Pool(runtime, { start: begin, size: 1, starts: 1, idleMs: 30_000, ...options })
  return { clock, pool, puppets, errors }
}

function job(token: string): RunningJob {
  const payload = '{"class":"A","args":[],"jid":"j"}'
  return new RunningJob({ token, queue: 'q', payload }, parsePayload(payload), 0)
}

test('a cell gets the job when it is ready, and its result counts only for that job', async () => {
  const { clock, pool, puppets } = stage()
  const running = pool.run(job('a'), null)
  await clock.advance(10)
  assert.deepEqual(puppets[0]!.heard, [])
  puppets[0]!.listener.said({ kind: 'ready' })
  await clock.advance(0)
  assert.deepEqual(
    puppets[0]!.heard.map(({ kind }) => kind),
    ['run'],
  )
  puppets[0]!.listener.said({ kind: 'result', token: 'another', result: { kind: 'killed', reason: '' } })
  puppets[0]!.listener.said({ kind: 'result', token: 'a', result: DONE })
  assert.equal(await running, DONE)
})

test('the first in line takes the cell that is ready first, whichever was begun for it', async () => {
  const { clock, pool, puppets } = stage({ size: 2, starts: 2 })
  const running = ['a', 'b'].map((token) => pool.run(job(token), null))
  await clock.advance(0)
  for (const token of ['a', 'b']) {
    puppets[1]!.listener.said({ kind: 'ready' })
    await clock.advance(0)
    puppets[1]!.listener.said({ kind: 'result', token, result: DONE })
    await clock.advance(0)
  }
  assert.deepEqual(await Promise.all(running), [DONE, DONE])
  assert.deepEqual(puppets[0]!.heard, [])
})

test('no more cells start at a time than may, and the next only for a job that still waits', async () => {
  const { clock, pool, puppets } = stage({ size: 4, starts: 2 })
  const running = ['a', 'b', 'c'].map((token) => pool.run(job(token), null))
  await clock.advance(10)
  assert.equal(puppets.length, 2)
  puppets[0]!.listener.said({ kind: 'ready' })
  await clock.advance(0)
  // One starts for each of the two that wait.
  assert.equal(puppets.length, 3)
  puppets[1]!.listener.said({ kind: 'ready' })
  puppets[2]!.listener.said({ kind: 'ready' })
  await clock.advance(0)
  for (const [index, token] of ['a', 'b', 'c'].entries())
    puppets[index]!.listener.said({ kind: 'result', token, result: DONE })
  assert.deepEqual(await Promise.all(running), [DONE, DONE, DONE])
  assert.equal(puppets.length, 3)
})

test('a cell that does not get ready is ended after a minute, and its job goes back', async () => {
  const { clock, pool, puppets } = stage()
  const running = pool.run(job('a'), null)
  await clock.advance(59_999)
  assert.equal(puppets[0]!.killed, 0)
  await clock.advance(1)
  const result = await running
  assert.equal(puppets[0]!.killed, 1)
  assert.ok(result.kind === 'unstarted' && result.reason.includes('/jobs.ts: it was not ready after 60 s'))
})

for (const [how, start] of [
  [
    'at once',
    () => {
      throw new Error('spawn EAGAIN')
    },
  ],
  [
    'a moment later',
    (_program, listener) => {
      queueMicrotask(() => listener.died('spawn EAGAIN', null))
      return { send() {}, dismiss() {}, kill() {}, hold() {} }
    },
  ],
] satisfies [string, StartCell][]) {
  test(`a cell that the machine refuses ${how} says nothing about its job`, async () => {
    const { clock } = stage()
    const runtime = { clock, random: seededRandom(1), logger: silentLogger }
    const begin = () => new Cell(runtime, { entry: '/jobs.ts' }, start)
    const pool = new Pool(runtime, { start: begin, size: 1, starts: 1, idleMs: 0 })
    for (const token of ['a', 'b'])
      assert.deepEqual(await pool.run(job(token), null), {
        kind: 'unstarted',
        reason:
          'its own process or thread could not start /jobs.ts: spawn EAGAIN; it goes back as it is and is tried again',
      })
  })
}

test('closing ends an unused cell, and blames no job for that', async () => {
  const { clock, pool, puppets, errors } = stage()
  const running = pool.run(job('a'), null)
  puppets[0]!.listener.said({ kind: 'ready' })
  await clock.advance(0)
  puppets[0]!.listener.said({ kind: 'result', token: 'a', result: DONE })
  assert.equal(await running, DONE)
  const closed = pool.close()
  await clock.advance(2_000)
  await closed
  assert.deepEqual([puppets[0]!.killed, errors], [1, []])
})

test('an unused cell is ended after half a minute, counted from its last job', async () => {
  const { clock, pool, puppets } = stage()
  for (const token of ['a', 'b']) {
    const running = pool.run(job(token), null)
    await clock.advance(0)
    puppets[0]!.listener.said({ kind: 'ready' })
    await clock.advance(0)
    puppets[0]!.listener.said({ kind: 'result', token, result: DONE })
    assert.equal(await running, DONE)
    await clock.advance(29_999)
    assert.equal(puppets[0]!.killed, 0)
  }
  // One ms to be idle for too long, then the time in which it may end by itself.
  await clock.advance(1 + 2_000)
  assert.deepEqual([puppets.length, puppets[0]!.killed], [1, 1])
  assert.equal(clock.sleeping, 0)
})

test('at its limit a job is told to break off; a second later its cell is ended', async () => {
  const { clock, pool, puppets } = stage()
  const running = pool.run(job('a'), 500)
  await clock.advance(0)
  puppets[0]!.listener.said({ kind: 'ready' })
  await clock.advance(500)
  const abort = puppets[0]!.heard[1]
  assert.deepEqual(abort, {
    kind: 'abort',
    token: 'a',
    code: 'job.timed_out',
    message: 'ran longer than 500 ms',
  })
  await clock.advance(999)
  assert.equal(puppets[0]!.killed, 0)
  await clock.advance(1)
  assert.equal(puppets[0]!.killed, 1)
  const result = await running
  assert.ok(
    result.kind === 'failed' && result.error.message === 'ran longer than 500 ms; its thread was ended',
  )
})

test('a cell that is stopped from outside before its job began interrupts it', async () => {
  const { clock, pool, puppets } = stage()
  const running = pool.run(job('a'), null)
  await clock.advance(0)
  puppets[0]!.listener.died('killed by SIGTERM', 'SIGTERM')
  assert.deepEqual(await running, { kind: 'interrupted' })
})

test('a job that is told to break off while its cell starts never begins, and the cell is left to the next', async () => {
  const { clock, pool, puppets } = stage()
  const first = job('a')
  const lost = pool.run(first, null)
  await clock.advance(0)
  first.abort(new JobAborted('job.lease_lost', 'given to another worker'))
  assert.equal((await lost).kind, 'failed')
  const next = pool.run(job('b'), null)
  puppets[0]!.listener.said({ kind: 'ready' })
  await clock.advance(0)
  puppets[0]!.listener.said({ kind: 'result', token: 'b', result: DONE })
  assert.equal(await next, DONE)
  assert.deepEqual([puppets.length, puppets[0]!.heard.length], [1, 1])
})

for (let moment = 0; moment < 16; moment++) {
  test(`a job whose lease is lost ${moment} microtasks after its cell is ready begins before that or never`, async () => {
    const { clock, pool, puppets } = stage()
    const lost = job('a')
    const result = pool.run(lost, null)
    puppets[0]!.listener.said({ kind: 'ready' })
    for (let turn = 0; turn < moment; turn++) await Promise.resolve()
    const begunBefore = puppets[0]!.heard.length
    lost.abort(new JobAborted('job.lease_lost', 'given to another worker'))
    await clock.advance(0)
    const runs = puppets[0]!.heard.filter(({ kind }) => kind === 'run')
    assert.equal(runs.length, begunBefore)
    puppets[0]!.listener.said({ kind: 'result', token: 'a', result: { kind: 'interrupted' } })
    assert.notEqual((await result).kind, 'crashed')
  })
}

for (let moment = 0; moment < 16; moment++) {
  test(`an abort ${moment} microtasks after a turn was given leaves the turn to the next in line`, async () => {
    const { clock, pool, puppets } = stage()
    const [first, second, third] = [job('a'), job('b'), job('c')]
    const running = [first, second, third].map((each) => pool.run(each, null))
    await clock.advance(0)
    puppets[0]!.listener.said({ kind: 'ready' })
    await clock.advance(0)
    puppets[0]!.listener.said({ kind: 'result', token: 'a', result: DONE })
    for (let turn = 0; turn < moment; turn++) await Promise.resolve()
    second.abort(new JobAborted('job.worker_stopping', 'stop'))
    await clock.advance(0)
    // A job that began by then ends; its cell is ended then, and another takes its place.
    puppets[0]!.listener.said({ kind: 'result', token: 'b', result: { kind: 'interrupted' } })
    assert.deepEqual(await running[1], { kind: 'interrupted' })
    await clock.advance(2_000)
    const last = puppets.at(-1)!
    last.listener.said({ kind: 'ready' })
    await clock.advance(0)
    assert.ok(last.heard.some((message) => message.kind === 'run' && message.claim.token === 'c'))
    last.listener.said({ kind: 'result', token: 'c', result: DONE })
    assert.equal(await running[2], DONE)
  })
}
