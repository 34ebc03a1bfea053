import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { modelCheck } from './model-check.ts'
import { bytes } from './scenarios/bytes.ts'
import { claiming } from './scenarios/claiming.ts'
import { closing } from './scenarios/closing.ts'
import { dying } from './scenarios/dying.ts'
import { inspecting } from './scenarios/inspecting.ts'
import { leaving } from './scenarios/leaving.ts'
import { lostAnswers } from './scenarios/lost-answers.ts'
import { moving } from './scenarios/moving.ts'
import { promoting } from './scenarios/promoting.ts'
import { pushing } from './scenarios/pushing.ts'
import { recovering } from './scenarios/recovering.ts'
import { settling } from './scenarios/settling.ts'
import { waiting } from './scenarios/waiting.ts'
import { workers } from './scenarios/workers.ts'
import { onFreshState, type Scenarios, type StoreUnderTest } from './stage.ts'

export type { StoreUnderTest } from './stage.ts'

/** Every promise of the port, by its sentence. */
export const scenarios: Scenarios = {
  ...pushing,
  ...claiming,
  ...settling,
  ...bytes,
  ...workers,
  ...leaving,
  ...recovering,
  ...promoting,
  ...inspecting,
  ...moving,
  ...dying,
  ...waiting,
  ...closing,
  ...lostAnswers,
}

/** A wait that is never woken fails its scenario after this long, instead of holding up the suite. */
const SCENARIO_TIMEOUT_MS = 30_000

/** Scenarios are short and mostly wait for the store: enough of them at once to keep it busy. */
const AT_ONCE = 8

/** Declares the tests of the whole contract for one store. A store is correct when they pass. */
export function storeContract(underTest: StoreUnderTest): void {
  const unsupported = underTest.unsupported ?? []
  describe(`store contract: ${underTest.name}`, { concurrency: AT_ONCE }, () => {
    for (const scenario of Object.keys(scenarios)) {
      const gap = unsupported.find((entry) => entry.scenario === scenario)
      test(scenario, { skip: gap?.reason ?? false, timeout: SCENARIO_TIMEOUT_MS }, (context) =>
        runScenario(underTest, scenario, context.signal),
      )
    }
    test('every declared gap names a scenario', () => {
      const unknown = unsupported.filter((entry) => !(entry.scenario in scenarios))
      assert.deepEqual(unknown, [])
    })
  })
  modelCheck(underTest)
}

/** Runs one scenario on fresh state; rejects when the store breaks its promise, or when `signal` aborts first. */
export async function runScenario(
  underTest: StoreUnderTest,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const scenario = scenarios[name]!
  const { options, run } = typeof scenario === 'function' ? { options: {}, run: scenario } : scenario
  await onFreshState(await underTest.open(options), (stage) => Promise.race([run(stage), aborted(signal)]))
}

/** Lets the connections of a scenario that hangs be closed; without that the process would never end. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}
