import { describe, test } from 'node:test'
import { ends } from './shell-scenarios/ends.ts'
import { results } from './shell-scenarios/results.ts'
import { undoing } from './shell-scenarios/undoing.ts'
import { uploads } from './shell-scenarios/uploads.ts'
import { ShellStage, type WayUnderTest } from './shell-stage.ts'

const SCENARIO_TIMEOUT_MS = 60_000

/** Declares the tests of all that is promised of a shell on a host, for one way to it. */
export function transportContract(way: WayUnderTest): void {
  describe(`transport contract: ${way.name}`, () => {
    for (const [promise, run] of Object.entries({ ...results, ...ends, ...undoing, ...uploads }))
      test(promise, { timeout: SCENARIO_TIMEOUT_MS }, async () => {
        const stage = await ShellStage.build(way)
        try {
          await run(stage)
        } finally {
          await stage.strike()
        }
      })
  })
}
