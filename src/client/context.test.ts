import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { currentContext, withContext } from './context.ts'

describe('withContext', () => {
  test('outside there is nothing', () => {
    assert.deepEqual(currentContext(), {})
  })

  test('gives what the work gives, and the values are there within it, also after waiting', async () => {
    const seen = await withContext({ tenant: 7 }, async () => {
      await null
      return currentContext()
    })
    assert.deepEqual(seen, { tenant: 7 })
    assert.deepEqual(currentContext(), {})
  })

  test('an inner context adds to the outer one and ends with its work', () => {
    withContext({ tenant: 7, locale: 'de' }, () => {
      withContext({ locale: 'fr' }, () => assert.deepEqual(currentContext(), { tenant: 7, locale: 'fr' }))
      assert.deepEqual(currentContext(), { tenant: 7, locale: 'de' })
    })
  })

  test('two that run at the same time do not see each other', async () => {
    const { promise: both, resolve: go } = Promise.withResolvers<void>()
    const seen = (tenant: number) =>
      withContext({ tenant }, async () => {
        await both
        return currentContext().tenant
      })
    const all = Promise.all([seen(1), seen(2)])
    go()
    assert.deepEqual(await all, [1, 2])
  })
})
