import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryState, memoryStore } from '../../src/store/memory/index.ts'
import { drawOperation, ModelWorld } from './model-operations.ts'
import { ModelSide } from './model-side.ts'
import { onFreshState, type StoreUnderTest } from './stage.ts'

/** So many random histories, of so many operations each. */
const SEEDS = Array.from({ length: 60 }, (_, index) => index + 1)
const OPERATIONS = 60

/** Declares the lockstep tests: the same random operations on a store and on the memory model, the same answers. */
export function modelCheck(underTest: StoreUnderTest): void {
  describe(`model check: ${underTest.name}`, { concurrency: 4 }, () => {
    for (const seed of SEEDS) {
      test(`${OPERATIONS} random operations have the answers of the model (seed ${seed})`, () =>
        runModelCheck(underTest, seed))
    }
  })
}

/** Rejects at the first operation whose answer, or whose effect, is not that of the model. */
export async function runModelCheck(underTest: StoreUnderTest, seed: number): Promise<void> {
  await onFreshState(await underTest.open({}), async ({ store }) => {
    const world = new ModelWorld(seed)
    const checked = new ModelSide(store)
    const model = new ModelSide(memoryStore({ state: new MemoryState() }))
    for (let step = 1; step <= OPERATIONS; step++) {
      const { name, run } = drawOperation(world)
      const expected = { step, name, answer: await run(model), ...(await model.snapshot(world)) }
      const actual = { step, name, answer: await run(checked), ...(await checked.snapshot(world)) }
      assert.deepEqual(actual, expected)
      world.claimed = model.claimed
    }
  })
}
