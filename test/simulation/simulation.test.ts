import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { simulate } from './simulate.ts'
import { withoutComplaints } from './without-complaints.ts'

/** Histories in all, and in one test. A single one: `bin/test test/simulation/simulation.test.ts --seed N`. */
const SEEDS = 600
const SEEDS_PER_TEST = 25

/** How much of a trace is shown: its end, where the promise broke. The whole one with `SHOW_TRACE=1`. */
const SHOWN_LINES = process.env.SHOW_TRACE === '1' ? Number.POSITIVE_INFINITY : 40

/** Seeds within which each kind of event must have been met. */
const SEEDS_TO_MEET = 150

/** Without these a simulation would say nothing about them. */
const TO_MEET = [
  'crash',
  'reboot',
  'pause',
  'cut off',
  'stop',
  'replace',
  'join',
  'short outage',
  'long outage',
  'mute',
  'storm',
  'queue paused',
  'died of poison',
  'enqueue: stored',
  'enqueue: not stored',
  'enqueue: unknown',
  'repeated with its token',
  'interrupted',
  'jobs handed back',
  'goodbye failed',
  'start refused',
  'timed out',
  'recovered while alive',
  'lease lost',
  'late settlements refused',
]

async function keepsItsPromises(seed: number): Promise<void> {
  const { ledger } = await simulate(seed)
  if (ledger.broken.length === 0) return
  const shown = ledger.trace.slice(-Math.min(ledger.trace.length, SHOWN_LINES))
  assert.fail(
    [
      `seed ${seed} breaks promises:`,
      ...ledger.broken.map((promise) => `  ${promise}`),
      `its trace (ms, who, what), the last ${shown.length} of ${ledger.trace.length} lines:`,
      ...shown.map((line) => `  ${line}`),
      `run it alone: SHOW_TRACE=1 bin/test test/simulation/simulation.test.ts --seed ${seed}`,
    ].join('\n'),
  )
}

const chosen = process.env.CAPSTAN_TEST_SEED

describe('a fleet under faults loses no job and runs none that was refused', () => {
  if (chosen !== undefined) {
    test(`seed ${chosen}`, () => withoutComplaints(() => keepsItsPromises(Number(chosen))))
    return
  }
  for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
    const last = first + SEEDS_PER_TEST - 1
    test(`seeds ${first} to ${last}`, () =>
      withoutComplaints(async () => {
        for (let seed = first; seed <= last; seed++) await keepsItsPromises(seed)
      }))
  }
})

test(`the same seed gives the same trace (seeds 3 and 4)`, async () => {
  const [once, again, other] = [await simulate(3), await simulate(3), await simulate(4)]
  assert.deepEqual(again.ledger.trace, once.ledger.trace)
  assert.notDeepEqual(other.ledger.trace, once.ledger.trace)
})

test(`every kind of trouble is met (seeds 1 to ${SEEDS_TO_MEET})`, async () => {
  const missing = new Set(TO_MEET)
  for (let seed = 1; seed <= SEEDS_TO_MEET && missing.size > 0; seed++) {
    const { ledger } = await simulate(seed)
    for (const event of ledger.met.keys()) missing.delete(event)
  }
  assert.deepEqual([...missing], [])
})
