import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { type MonoMs, systemClock } from '../../kernel/clock.ts'
import { StoreError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/logger.ts'
import { seededRandom } from '../../kernel/random.ts'
import { DiskSpace, RESERVE_BYTES } from './disk-space.ts'

const MIB = 1024 * 1024

/** A disk with so much free space, which a test may change; `looks` counts how often it was asked. */
function stage(freeBytes: number | null) {
  const world = { freeBytes, looks: 0, nowMs: 0 }
  const clock = { ...systemClock, now: () => world.nowMs, mono: () => world.nowMs as MonoMs }
  const space = new DiskSpace({ clock, random: seededRandom(1), logger: silentLogger }, tmpdir(), () => {
    world.looks += 1
    return world.freeBytes
  })
  return { world, space }
}

const isFull = (error: unknown) =>
  error instanceof StoreError && error.code === 'store.full' && error.retryable

describe('DiskSpace', () => {
  test('refuses new jobs while less than the reserve would be left, to the byte', () => {
    const { space, world } = stage(RESERVE_BYTES + 2 * 1_000)
    space.admit(1_000)
    world.nowMs += 1_000
    assert.throws(() => space.admit(1_001), isFull)
  })

  test('admits again as soon as there is room', () => {
    const { space, world } = stage(RESERVE_BYTES - 1)
    assert.throws(() => space.admit(1), isFull)
    world.freeBytes = RESERVE_BYTES * 2
    space.admit(1)
  })

  test('a disk that filled up is noticed within a second', () => {
    const { space, world } = stage(RESERVE_BYTES * 10)
    space.admit(1)
    world.freeBytes = 0
    world.nowMs += 999
    space.admit(1)
    world.nowMs += 1
    assert.throws(() => space.admit(1), isFull)
  })

  test('looks once a second, and once in every 2 MiB', () => {
    const { space, world } = stage(RESERVE_BYTES * 10)
    for (let call = 0; call < 1_000; call++) space.admit(200)
    assert.equal(world.looks, 1)
    for (let call = 0; call < 20; call++) space.admit(MIB)
    assert.ok(world.looks >= 7 && world.looks <= 21, `${world.looks} looks`)
  })

  test('a filesystem that does not say how much is free refuses nothing', () => {
    const { space } = stage(null)
    space.admit(1_000 * MIB)
  })

  test('a filesystem that cannot be asked refuses nothing', () => {
    const runtime = { clock: systemClock, random: seededRandom(1), logger: silentLogger }
    new DiskSpace(runtime, '/there/is/no/such/folder').admit(1)
  })

  test('the free space of a real disk is asked for', () => {
    const space = new DiskSpace(
      { clock: systemClock, random: seededRandom(1), logger: silentLogger },
      tmpdir(),
    )
    assert.throws(() => space.admit(Number.MAX_SAFE_INTEGER), isFull)
  })
})
