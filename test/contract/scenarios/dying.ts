import assert from 'node:assert/strict'
import { ALL, ANN, job, payloadsOf, type Scenarios, type Stage, T0 } from '../stage.ts'

const jobs = (...names: string[]) => names.map(job)

/** Lets one job after the other die, 1 ms apart beginning at `from`. */
async function die(stage: Stage, from: number, ...names: string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    const { token } = await stage.claimOne(ANN, job(name))
    await stage.exchange(ANN, {
      now: from + index,
      settle: [{ token, to: 'dead', payload: null, reason: null }],
    })
  }
}

const THREE = { deadMaxJobs: 3 }
const TEN_SECONDS = { deadMaxAgeMs: 10_000 }

/** Deaths by promotion, recovery and an operator's hand, each of a job named after it. */
const OTHER_DEATHS: ReadonlyArray<(stage: Stage, now: number) => Promise<unknown>> = [
  async (stage, now) => {
    await stage.schedule('a', job('promoted'), T0)
    const route = () => ({ to: 'dead', payload: null, reason: 'gone' }) as const
    await stage.store.promote({ now, limit: 1, route })
  },
  async (stage, now) => {
    await stage.claimOne(ANN, job('recovered'))
    const revise = () => ({ to: 'dead', payload: null, reason: 'gone' }) as const
    await stage.store.recover({ identity: ANN, now, beatAt: T0, revise })
  },
  async (stage, now) => {
    await stage.push('a', job('killed'))
    const [entry] = await stage.store.list({ queue: 'a' }, ALL)
    await stage.store.move({ queue: 'a' }, entry!.ref, { to: 'dead', payload: null, now })
  },
]

export const dying: Scenarios = {
  'the dead set keeps the youngest when it is full': {
    options: THREE,
    run: async (stage) => {
      await die(stage, T0, 'd1', 'd2', 'd3')
      assert.deepEqual(payloadsOf(await stage.entries('dead')), jobs('d1', 'd2', 'd3'))
      await die(stage, T0 + 3, 'd4', 'd5')
      assert.deepEqual(payloadsOf(await stage.entries('dead')), jobs('d3', 'd4', 'd5'))
      assert.equal((await stage.store.stats(T0, 1)).dead, 3)
    },
  },

  'several deaths in one exchange do not overfill the dead set': {
    options: THREE,
    run: async (stage) => {
      await die(stage, T0, 'd1', 'd2')
      await stage.push('a', ...jobs('d3', 'd4', 'd5', 'd6', 'd7'))
      const claims = await stage.claim(ANN, 5)
      const settle = claims.map(({ token }) => ({ token, to: 'dead', payload: null, reason: null }) as const)
      await stage.exchange(ANN, { now: T0 + 10, settle })
      const dead = payloadsOf(await stage.entries('dead'))
      assert.equal(dead.length, 3)
      for (const payload of dead) assert.ok(!jobs('d1', 'd2').includes(payload))
    },
  },

  'the dead set is kept within its size however jobs die': {
    options: THREE,
    run: async (stage) => {
      for (const death of OTHER_DEATHS) {
        await die(stage, T0, 'd1', 'd2', 'd3')
        await death(stage, T0 + 10)
        const dead = payloadsOf(await stage.entries('dead'))
        assert.deepEqual(dead.slice(0, 2), jobs('d2', 'd3'))
        assert.equal(dead.length, 3)
        await stage.store.clear({ set: 'dead' })
      }
    },
  },

  'a dead job is kept until 1 ms before its age limit': {
    options: TEN_SECONDS,
    run: async (stage) => {
      await die(stage, T0, 'old')
      await die(stage, T0 + 9_999, 'new')
      assert.deepEqual(payloadsOf(await stage.entries('dead')), jobs('old', 'new'))
    },
  },

  'a dead job at its age limit goes with the next death': {
    options: TEN_SECONDS,
    run: async (stage) => {
      await die(stage, T0, 'old', 'next')
      await die(stage, T0 + 10_000, 'new')
      assert.deepEqual(payloadsOf(await stage.entries('dead')), jobs('next', 'new'))
    },
  },

  'old dead jobs go however the next one dies': {
    options: TEN_SECONDS,
    run: async (stage) => {
      for (const death of OTHER_DEATHS) {
        await die(stage, T0, 'old')
        await death(stage, T0 + 10_001)
        const dead = payloadsOf(await stage.entries('dead'))
        assert.equal(dead.length, 1)
        assert.notEqual(dead[0], job('old'))
        await stage.store.clear({ set: 'dead' })
      }
    },
  },
}
