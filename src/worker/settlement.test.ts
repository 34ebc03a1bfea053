import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Definition, definition, type JobOptions } from '../job/definition.ts'
import { jobError } from '../job/failure.ts'
import { type Payload, parsePayload } from '../job/payload.ts'
import type { Random } from '../kernel/random.ts'
import type { Settlement } from '../store/exchange.ts'
import type { JobResult } from './job-result.ts'
import { RunningJob } from './running-job.ts'
import { settlementOf } from './settlement.ts'

const NOW = 1_795_492_274_000
const leastJitter: Random = { float: () => 0, hex: () => '' }
const RAW = '{"class":"Mail","args":[1.0],"jid":"a"}'
const withField = (field: string) => RAW.replace(/}$/, `,${field}}`)
const SUSPECT = withField('"capstan_crash":{"interruptions":1,"crashes":0,"causes":["x"]}')

const define = (options: Omit<JobOptions, 'name'>): Definition =>
  definition({ name: 'Mail', run: () => undefined, ...options })

function settled(raw: string, result: JobResult, made: Definition | null = define({})): Settlement {
  const job = new RunningJob({ token: 't', queue: 'mails', payload: raw }, parsePayload(raw), NOW - 10)
  return settlementOf(job, result, { definition: made, now: NOW, random: leastJitter })
}

const FAILED: JobResult = { kind: 'failed', error: jobError(new RangeError('boom')) }

/** The payload of a settlement that has one. */
function payloadOf(settlement: Settlement): Payload {
  assert.ok('payload' in settlement && settlement.payload !== null)
  return JSON.parse(settlement.payload) as Payload
}

describe('a result that needs no payload', () => {
  for (const [result, expected] of [
    [{ kind: 'done' }, { to: 'done' }],
    [{ kind: 'discarded', reason: 'expired' }, { to: 'done' }],
    [{ kind: 'interrupted' }, { to: 'queue', payload: null }],
    [
      { kind: 'unrunnable', reason: 'why' },
      { to: 'dead', payload: null, reason: 'why' },
    ],
  ] as const) {
    test(`${result.kind}: ${expected.to}, its bytes untouched`, () => {
      assert.deepEqual(settled(RAW, result), { token: 't', ...expected })
    })
  }

  test('a payload that cannot be read is kept whole with the reason, whatever came of it', () => {
    assert.deepEqual(settled('{', FAILED), {
      token: 't',
      to: 'dead',
      payload: null,
      reason: 'not valid JSON',
    })
  })
})

describe('a job whose own process did not start', () => {
  const UNSTARTED: JobResult = { kind: 'unstarted', reason: 'spawn EAGAIN' }

  test('goes back as it is, a suspect still, and spends nothing', () => {
    const suspect = SUSPECT.replace(/}$/, ',"queue":"mails","retry":0}')
    assert.deepEqual(settled(suspect, UNSTARTED), {
      token: 't',
      to: 'schedule',
      payload: suspect,
      at: NOW + 30_000,
    })
  })
})

describe('a job of an unknown class', () => {
  const UNKNOWN: JobResult = { kind: 'unknown', reason: 'why', isAwaited: false }

  test('goes to the schedule, its bytes untouched, for as long as it has existed', () => {
    const raw = withField(`"queue":"mails","created_at":${(NOW - 5_000) / 1000}`)
    assert.deepEqual(settled(raw, UNKNOWN), { token: 't', to: 'schedule', payload: raw, at: NOW + 5_000 })
  })

  test('names the queue it was taken from, if it names none or another: pollers go by it', () => {
    assert.deepEqual(payloadOf(settled(RAW, UNKNOWN)), { ...JSON.parse(RAW), queue: 'mails' })
    assert.equal(payloadOf(settled(withField('"queue":"other"'), UNKNOWN)).queue, 'mails')
  })
})

describe('a failure', () => {
  test('goes to the retry set with the error in it', () => {
    const settlement = settled(RAW, FAILED)
    assert.deepEqual([settlement.to, 'at' in settlement && settlement.at], ['retry', NOW + 15_000])
    const { error_class, error_message, retry_count, queue } = payloadOf(settlement)
    assert.deepEqual([error_class, error_message, retry_count, queue], ['RangeError', 'boom', 0, 'mails'])
  })

  test('waits longer each time', () => {
    const settlement = settled(withField('"retry_count":2'), FAILED)
    assert.equal('at' in settlement && settlement.at, NOW + 96_000)
  })

  for (const [field, to] of [
    ['"retry":3,"retry_count":1', 'retry'],
    ['"retry":3,"retry_count":2', 'dead'],
    ['"retry":0', 'dead'],
    ['"retry":0,"dead":false', 'done'],
    ['"retry":false', 'done'],
    ['"retry":true,"retry_count":23', 'retry'],
    ['"retry":true,"retry_count":24', 'dead'],
    ['"retry":null,"retry_count":24', 'dead'],
    ['"retry_count":24,"dead":false', 'done'],
    ['"retry":1,"dead":null,"retry_count":0', 'dead'],
    ['"retry":1,"retry_for":3600', 'retry'],
    [`"retry":1,"retry_for":3600,"retry_count":99,"failed_at":${NOW / 1000 - 3_599}`, 'retry'],
    [`"retry":1,"retry_for":3600,"retry_count":1,"failed_at":${NOW - 3_599_000}`, 'retry'],
    [`"retry":1,"retry_for":3600,"retry_count":1,"failed_at":${NOW / 1000 - 3_600}`, 'dead'],
    [`"retry":9,"retry_for":3600,"retry_count":-1,"failed_at":${NOW - 3_600_000}`, 'dead'],
    ['"retry":1,"retry_for":3600,"retry_count":0', 'dead'],
    [`"retry":1,"retry_for":"3600","retry_count":0,"failed_at":${NOW}`, 'dead'],
    ['"retry":9,"retry_for":0', 'dead'],
    ['"retry":false,"retry_for":3600', 'done'],
  ] as const) {
    test(`of a job with ${field}: ${to}`, () => {
      const settlement = settled(withField(field), FAILED)
      assert.equal(settlement.to, to)
      if (to === 'dead') assert.equal(payloadOf(settlement).error_message, 'boom')
    })
  }

  test('of a job that nobody here knows follows its payload all the same', () => {
    assert.equal(settled(RAW, FAILED, null).to, 'retry')
  })

  test('clears a suspect: it ended by itself', () => {
    assert.equal('capstan_crash' in payloadOf(settled(SUSPECT, FAILED)), false)
  })
})

describe("the job's own delay", () => {
  const withDelay = (delay: (retries: number, error: unknown) => unknown, raw = RAW) =>
    settled(raw, FAILED, define({ retry: { delay: delay as never } }))
  const waitOf = (settlement: Settlement) => ('at' in settlement ? settlement.at - NOW : settlement.to)

  test('takes the place of the curve', () => {
    assert.equal(waitOf(withDelay(() => '10m')), 600_000)
    assert.equal(waitOf(withDelay(() => 0)), 0)
  })

  test('hears how many failures came before, and the very error', () => {
    const heard: unknown[] = []
    withDelay((...told) => void heard.push(...told), withField('"retry_count":4'))
    assert.equal(heard[0], 5)
    assert.ok(heard[1] instanceof RangeError)
  })

  test('may kill or discard', () => {
    assert.equal(withDelay(() => 'kill').to, 'dead')
    assert.equal(withDelay(() => 'discard').to, 'done')
  })

  test('undefined means the curve, and so does a function that is broken', () => {
    assert.equal(waitOf(withDelay(() => undefined)), 15_000)
    assert.equal(waitOf(withDelay(() => 'whenever')), 15_000)
    assert.equal(
      waitOf(
        withDelay(() => {
          throw new Error('a bug')
        }),
      ),
      15_000,
    )
  })

  test('is not asked when no retry is left', () => {
    const asked = () => assert.fail('asked')
    assert.equal(withDelay(asked, withField('"retry":1,"retry_count":0')).to, 'dead')
  })
})

describe('a wish of the job', () => {
  test('snoozed: to the schedule, with the same bytes and no failure', () => {
    assert.deepEqual(settled(RAW, { kind: 'snoozed', ms: 500 }), {
      token: 't',
      to: 'schedule',
      payload: RAW,
      at: NOW + 500,
    })
    assert.deepEqual(settled(SUSPECT, { kind: 'snoozed', ms: 0 }), {
      token: 't',
      to: 'schedule',
      payload: RAW,
      at: NOW,
    })
  })

  test('killed: to the dead set with its reason, or dropped when it wants no dead set', () => {
    const settlement = settled(RAW, { kind: 'killed', reason: 'look' })
    const { error_class, error_message } = payloadOf(settlement)
    assert.deepEqual([settlement.to, error_class, error_message], ['dead', 'Killed', 'look'])
    assert.equal(settled(withField('"dead":"no"'), { kind: 'killed', reason: 'x' }).to, 'dead')
    assert.deepEqual(settled(withField('"dead":false'), { kind: 'killed', reason: 'x' }), {
      token: 't',
      to: 'done',
    })
  })
})

describe('a crash of its own process', () => {
  test('the first sends it back to its queue, marked; the second buries it', () => {
    const crash: JobResult = { kind: 'crashed', cause: 'killed by SIGKILL' }
    const first = settled(SUSPECT, crash)
    assert.equal(first.to, 'queue')
    assert.deepEqual(payloadOf(first).capstan_crash, {
      interruptions: 1,
      crashes: 1,
      causes: ['x', 'killed by SIGKILL'],
    })
    const second = settled(JSON.stringify(payloadOf(first)), crash)
    assert.equal(second.to, 'dead')
    assert.match(payloadOf(second).error_message!, /killed by SIGKILL; killed by SIGKILL$/)
  })
})
