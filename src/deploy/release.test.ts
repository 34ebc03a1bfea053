import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type ReleaseFacts,
  type ReleaseState,
  readManifest,
  releasesToRemove,
  rollbackTarget,
  stateOf,
} from './release.ts'

function release(day: number, state: ReleaseState | null, more: Partial<ReleaseFacts> = {}): ReleaseFacts {
  const name = `202611${String(day).padStart(2, '0')}120000`
  const manifest =
    state === null ? null : { state, revision: 'abc', by: 'ada', at: '2026-11-24T12:00:00.000Z' }
  return { name, manifest, isCurrent: false, isInUse: false, isLogged: false, revision: 'abc', ...more }
}

const names = (...days: number[]) => days.map((day) => release(day, null).name)
const hosts = (...lists: ReleaseFacts[][]) => new Map(lists.map((list, index) => [`web-${index + 1}`, list]))

describe('the state of a release', () => {
  test('is what its manifest says', () => assert.equal(stateOf(release(1, 'bad', { isLogged: true })), 'bad'))
  test('without one is good where Capistrano logged it', () =>
    assert.equal(stateOf(release(1, null, { isLogged: true })), 'good'))
  test('without either is incomplete', () => assert.equal(stateOf(release(1, null)), 'incomplete'))
  test('is not taken from a manifest that is broken or of another kind', () => {
    for (const text of ['', '{', 'null', '7', '{"state":"new"}', '{"state":["good"]}'])
      assert.equal(readManifest(text), null)
  })
})

describe('cleaning up', () => {
  const good = [1, 2, 3, 4, 5, 6].map((day) => release(day, 'good', { isCurrent: day === 6 }))

  test('keeps the newest good releases', () => assert.deepEqual(releasesToRemove(good, 3), names(1, 2, 3)))

  test('counts failed ones apart: of them only the newest stays', () => {
    const all = [
      ...good.slice(0, 5),
      release(7, 'bad'),
      release(8, 'incomplete'),
      { ...release(6, 'good'), isCurrent: true },
    ]
    assert.deepEqual(releasesToRemove(all, 6), names(7))
  })

  test('never removes the current one, however old', () => {
    const old = good.map((each) => ({ ...each, isCurrent: each.name === good[0]?.name }))
    assert.deepEqual(releasesToRemove(old, 2), names(2, 3, 4))
  })

  test('never removes the good one before the current, even with keep 1', () =>
    assert.deepEqual(releasesToRemove(good, 1), names(1, 2, 3, 4)))

  test('never removes one that a process works in', () => {
    const used = good.map((each) => ({ ...each, isInUse: each.name === good[1]?.name }))
    assert.deepEqual(releasesToRemove(used, 2), names(1, 3, 4))
  })
})

describe('a rollback', () => {
  test('goes to the newest good release before the current one', () => {
    const list = [
      release(1, 'good'),
      release(2, 'good'),
      release(3, 'good', { isCurrent: true }),
      release(4, 'bad'),
    ]
    assert.equal(rollbackTarget(hosts(list), undefined), names(2)[0])
  })

  test('passes over bad ones, and those newer than the current', () => {
    const list = [
      release(1, 'good'),
      release(2, 'bad'),
      release(3, 'good', { isCurrent: true }),
      release(4, 'good'),
    ]
    assert.equal(rollbackTarget(hosts(list), undefined), names(1)[0])
  })

  test('goes to the same release on all hosts', () => {
    const current = release(4, 'good', { isCurrent: true })
    const one = [release(1, 'good'), release(2, 'good'), release(3, 'good'), current]
    const two = [release(1, 'good'), release(2, 'good'), release(3, 'bad'), current]
    assert.equal(rollbackTarget(hosts(one, two), undefined), names(2)[0])
  })

  test('goes where --to says, forwards too', () => {
    const list = [release(1, 'good'), release(2, 'good', { isCurrent: true }), release(3, 'good')]
    assert.equal(rollbackTarget(hosts(list), names(3)[0]), names(3)[0])
  })

  test('refuses a release that is bad, current or unknown, and names the choice', () => {
    const list = [release(1, 'good'), release(2, 'bad'), release(3, 'good', { isCurrent: true })]
    for (const day of [2, 3, 9])
      assert.throws(() => rollbackTarget(hosts(list), names(day)[0]), {
        code: 'rollback.unknown',
        message: /20261101120000/,
      })
  })

  test('says so when there is none', () =>
    assert.throws(() => rollbackTarget(hosts([release(1, 'good', { isCurrent: true })]), undefined), {
      code: 'rollback.none',
    }))
})
