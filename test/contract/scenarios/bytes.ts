import assert from 'node:assert/strict'
import type { Route } from '../../../src/store/transfer.ts'
import { ANN, job, payloadsOf, type Scenario, type Scenarios, type Stage, T0 } from '../stage.ts'

/** What a store could damage by parsing, trimming, escaping or measuring a payload. */
const AWKWARD: readonly string[] = [
  '  { "jid" : "spaces",\t"class":"A" , "args":[ ] }\r\n',
  '{"jid":"numbers","class":"A","args":[1.0,1e3,-0,0.10,123456789012345678901234567890]}',
  '{"jid":"doubled key","class":"A","class":"B","args":[]}',
  '{"jid":"emoji 🐙👩‍👩‍👧","class":"Ünïcødé","args":["\\ud83d\\udc19","\\/"]}',
  '{"jid":"separators \u2028\u2029","class":"A","args":["\u00a0\ufeff"]}',
  '{"jid":"nul \u0000 in the middle","class":"A","args":["\u0001\u001f\u007f"]}',
  '\u0000leading and trailing nul\u0000',
  'not JSON at all',
  'it\'s; DROP TABLE "jobs" -- %s ? :x $1 \\',
  '[1,2,3]',
  '{"jid":"deep","class":"A","args":[[[[[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]]]]]}',
  `{"jid":"a megabyte","class":"A","args":["${'0123456789abcdeé'.repeat(65_536)}"]}`,
]

type Journey = (stage: Stage) => Promise<string[]>

/** A scenario: every awkward payload goes a way and comes out as it went in. */
function unchanged(journey: Journey): Scenario {
  return async (stage) => {
    await stage.beat(ANN)
    const arrived = await journey(stage)
    assert.deepEqual(arrived.map(fingerprint).toSorted(), AWKWARD.map(fingerprint).toSorted())
  }
}

/** Keeps a failed comparison readable: a megabyte is shown by its length and its ends. */
function fingerprint(payload: string): string {
  return payload.length < 500
    ? JSON.stringify(payload)
    : `${payload.slice(0, 40)}…${payload.slice(-40)} (${payload.length}, ${Buffer.byteLength(payload)} bytes, ${hash(payload)})`
}

function hash(text: string): number {
  let sum = 0
  for (let index = 0; index < text.length; index++) sum = (Math.imul(sum, 31) + text.charCodeAt(index)) | 0
  return sum
}

const toQueueA = (payload: string | null): Route => ({ to: 'queue', queue: 'a', payload })

async function claimAll(stage: Stage) {
  await stage.push('a', ...AWKWARD)
  return stage.claim(ANN, AWKWARD.length)
}

export const bytes: Scenarios = {
  'payloads come back byte for byte from a queue': unchanged(async (stage) => {
    await stage.push('a', ...AWKWARD)
    return stage.queued('a')
  }),

  'payloads come back byte for byte as the oldest of a queue': unchanged(async (stage) => {
    for (const [index, payload] of AWKWARD.entries()) await stage.push(`q${index}`, payload)
    return (await stage.store.queues(T0)).map((queue) => queue.oldest!)
  }),

  'payloads come back byte for byte from a claim': unchanged(async (stage) =>
    payloadsOf(await claimAll(stage)),
  ),

  'payloads come back byte for byte from what is in flight': unchanged(async (stage) => {
    await claimAll(stage)
    return payloadsOf(await stage.store.inFlight(ANN))
  }),

  'payloads come back byte for byte when they are handed back': unchanged(async (stage) => {
    const claims = await claimAll(stage)
    await stage.settle(ANN, ...claims.map(({ token }) => ({ token, to: 'queue', payload: null }) as const))
    return stage.queued('a')
  }),

  'payloads come back byte for byte when their worker leaves': unchanged(async (stage) => {
    await claimAll(stage)
    await stage.store.leave(ANN, T0)
    return stage.queued('a')
  }),

  'payloads come back byte for byte from the schedule': unchanged(async (stage) => {
    const jobs = AWKWARD.map((payload, index) => ({ queue: 'a', payload, at: T0 + index }))
    await stage.store.push({ token: stage.freshToken(), now: T0, jobs })
    return payloadsOf(await stage.entries('schedule'))
  }),

  'payloads come back byte for byte from the retry set': unchanged(async (stage) => {
    const claims = await claimAll(stage)
    const retries = claims.map(({ token, payload }) => ({ token, to: 'retry', payload, at: T0 + 1 }) as const)
    await stage.settle(ANN, ...retries)
    return payloadsOf(await stage.entries('retry'))
  }),

  'payloads come back byte for byte from the dead set': unchanged(async (stage) => {
    const claims = await claimAll(stage)
    const deaths = claims.map(({ token }) => ({ token, to: 'dead', payload: null, reason: 'odd' }) as const)
    await stage.settle(ANN, ...deaths)
    return payloadsOf(await stage.entries('dead'))
  }),

  'payloads come back byte for byte when they are promoted': unchanged(async (stage) => {
    const jobs = AWKWARD.map((payload, index) => ({ queue: 'a', payload, at: T0 + index }))
    await stage.store.push({ token: stage.freshToken(), now: T0, jobs })
    const shown: string[] = []
    const route = (payload: string) => {
      shown.push(payload)
      return toQueueA(shown.length % 2 === 0 ? null : payload)
    }
    await stage.store.promote({ now: T0 + 60_000, limit: 100, route })
    assert.deepEqual(new Set(shown.map(fingerprint)), new Set(AWKWARD.map(fingerprint)))
    return stage.queued('a')
  }),

  'payloads come back byte for byte when they are recovered': unchanged(async (stage) => {
    await claimAll(stage)
    const recovered = await stage.store.recover({
      identity: ANN,
      now: T0,
      beatAt: T0,
      revise: (payload, queue) => ({ to: 'queue', queue, payload: payload.length % 2 ? payload : null }),
    })
    assert.deepEqual(
      new Set(recovered!.map((each) => fingerprint(each.payload))),
      new Set(AWKWARD.map(fingerprint)),
    )
    return stage.queued('a')
  }),

  'payloads come back byte for byte when an operator moves them': unchanged(async (stage) => {
    await stage.push('a', ...AWKWARD)
    for (const { ref } of await stage.store.list({ queue: 'a' }, { offset: 0, limit: 100 })) {
      await stage.store.move({ queue: 'a' }, ref, { to: 'dead', payload: null, now: T0 })
    }
    for (const { ref, payload } of await stage.entries('dead')) {
      await stage.store.move({ set: 'dead' }, ref, { to: 'queue', queue: 'b', payload })
    }
    return stage.queued('b')
  }),

  'an empty payload is a payload': async (stage) => {
    const claim = await stage.claimOne(ANN, '')
    assert.equal(claim.payload, '')
    await stage.settle(ANN, { token: claim.token, to: 'queue', payload: job('j1') })
    const [again] = await stage.claim(ANN, 1)
    await stage.settle(ANN, { token: again!.token, to: 'queue', payload: '' })
    assert.deepEqual(await stage.queued('a'), [''])
  },
}
