import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { definition } from '../job/definition.ts'
import { type ClientMiddleware, type PendingJob, passes } from './client-middleware.ts'

const pending = (): PendingJob => ({
  definition: definition({ name: 'Mail', run: () => undefined }),
  args: ['a'],
  jid: 'j1',
  queue: 'default',
  context: null,
})

describe('client middleware', () => {
  test('each runs around the next, in the order given', async () => {
    const trace: string[] = []
    const layer =
      (name: string): ClientMiddleware =>
      async (_job, next) => {
        trace.push(`${name} in`)
        await next()
        trace.push(`${name} out`)
      }
    assert.equal(await passes([layer('a'), layer('b')], pending()), true)
    assert.deepEqual(trace, ['a in', 'b in', 'b out', 'a out'])
  })

  test('one that does not call next keeps the job out, and the later ones never see it', async () => {
    let seen = 0
    const chain: ClientMiddleware[] = [() => undefined, () => void seen++]
    assert.equal(await passes(chain, pending()), false)
    assert.equal(seen, 0)
  })

  test('may change the queue and the context; the next one sees the change', async () => {
    const job = pending()
    const chain: ClientMiddleware[] = [
      (changed, next) => {
        changed.queue = 'slow'
        changed.context = { tenant: 7 }
        return next()
      },
      (changed, next) => {
        changed.queue += `-${changed.context?.tenant}`
        return next()
      },
    ]
    assert.equal(await passes(chain, job), true)
    assert.deepEqual([job.queue, job.context], ['slow-7', { tenant: 7 }])
  })

  test('what one throws reaches the caller', async () => {
    const chain: ClientMiddleware[] = [
      () => {
        throw new RangeError('no')
      },
    ]
    await assert.rejects(passes(chain, pending()), RangeError)
  })

  test('without any, every job passes', async () => {
    assert.equal(await passes([], pending()), true)
  })
})
