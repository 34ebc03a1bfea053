import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RESERVE_BYTES } from './disk-space.ts'
import { remarksOnSpace } from './health.ts'

const FILE = '/srv/jobs.db'
const NOTHING = { warnings: [], faults: [] }

test('a store whose disk has room, or does not say, says nothing of it', () => {
  assert.deepEqual(remarksOnSpace(FILE, 4 * RESERVE_BYTES), NOTHING)
  assert.deepEqual(remarksOnSpace(FILE, null), NOTHING)
})

test('a store whose disk fills up warns when it will refuse new jobs', () => {
  const low =
    /^only \d+ bytes are free for \/srv\/jobs\.db; below 33554432 no new job is accepted \(free some/
  for (const free of [4 * RESERVE_BYTES - 1, RESERVE_BYTES]) {
    const { warnings, faults } = remarksOnSpace(FILE, free)
    assert.match(warnings.join(), low)
    assert.deepEqual(faults, [])
  }
})

test('a store that has only its reserve left says that it refuses new jobs, which is a fault', () => {
  const { warnings, faults } = remarksOnSpace(FILE, RESERVE_BYTES - 1)
  assert.match(
    faults.join(),
    /^no new job is accepted: only 33554431 bytes are free .* \(free some disk space\)$/,
  )
  assert.deepEqual(warnings, [])
})
