import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JobContext } from '../job/definition.ts'
import { around, type JobRun, type WorkerMiddleware } from './worker-middleware.ts'

const RUN: JobRun = { payload: { class: 'Mail', args: [], jid: 'j1' }, context: {} as JobContext }

describe('worker middleware', () => {
  test('each runs around the next, in the order given, and what the body gives comes out', async () => {
    const trace: string[] = []
    const layer =
      (name: string): WorkerMiddleware =>
      async (run, next) => {
        trace.push(`${name} in ${run.payload.jid}`)
        const result = await next()
        trace.push(`${name} out`)
        return result
      }
    assert.equal(await around([layer('a'), layer('b')], RUN, () => 'result'), 'result')
    assert.deepEqual(trace, ['a in j1', 'b in j1', 'b out', 'a out'])
  })

  test('what the body throws can be handled, replaced or passed on', async () => {
    const body = () => {
      throw new RangeError('body')
    }
    const handle: WorkerMiddleware = (_run, next) => next().catch(() => 'handled')
    const replace: WorkerMiddleware = (_run, next) =>
      next().catch((cause: unknown) => {
        throw new SyntaxError('replaced', { cause })
      })
    assert.equal(await around([handle], RUN, body), 'handled')
    await assert.rejects(around([replace], RUN, body), SyntaxError)
    await assert.rejects(around([(_run, next) => next()], RUN, body), RangeError)
  })

  test('one that does not call next keeps the body from running', async () => {
    let ran = false
    const body = () => {
      ran = true
    }
    assert.equal(await around([async () => 'instead'], RUN, body), 'instead')
    assert.equal(ran, false)
  })
})

test('what the job returned counts even if a middleware returns nothing', async () => {
  const forgetful: WorkerMiddleware = async (_run, next) => {
    await next()
  }
  assert.equal(await around([forgetful, forgetful], {} as JobRun, () => 'snoozed'), 'snoozed')
})
