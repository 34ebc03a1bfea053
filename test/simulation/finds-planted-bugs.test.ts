import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MUTANTS } from './mutants.ts'
import { simulate } from './simulate.ts'

/** Within so many seeds each planted mistake must be found; most are within ten. */
const SEEDS = 200

describe('the simulation finds a planted mistake', () => {
  for (const [mistake, mutant] of Object.entries(MUTANTS)) {
    test(`${mistake} (seeds 1 to ${SEEDS})`, async (context) => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { ledger } = await simulate(seed, mutant)
        if (ledger.broken.length === 0) continue
        return context.diagnostic(`found by seed ${seed}: ${ledger.broken[0]}`)
      }
      assert.fail(`no seed up to ${SEEDS} broke a promise`)
    })
  }
})
