import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { freeInstances, instanceIn, releaseIn } from './instance-names.ts'

describe('instances', () => {
  test('are named in their unit', () =>
    assert.equal(instanceIn('my.shop-worker@20261124103000-12.service'), '20261124103000-12'))

  test('name their release', () =>
    assert.equal(releaseIn('shop-worker@20261124103000-12.service'), '20261124103000'))

  test('of a new release are numbered from 1', () =>
    assert.deepEqual(freeInstances('20261124103000', 2, []), ['20261124103000-1', '20261124103000-2']))

  test('that still drain keep their numbers', () =>
    assert.deepEqual(freeInstances('20261124103000', 2, ['20261124103000-2', '20261124090000-1']), [
      '20261124103000-1',
      '20261124103000-3',
    ]))
})
