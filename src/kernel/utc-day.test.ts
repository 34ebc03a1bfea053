import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastUtcDays, utcDay } from './utc-day.ts'

test('a day begins at midnight UTC, to the millisecond', () => {
  const midnight = Date.UTC(2025, 9, 15)
  assert.equal(utcDay(midnight - 1), '2025-10-14')
  assert.equal(utcDay(midnight), '2025-10-15')
  assert.equal(utcDay(midnight + 1), '2025-10-15')
})

test('days and months have two digits, leap days are days', () => {
  assert.equal(utcDay(Date.UTC(2024, 1, 29, 12)), '2024-02-29')
  assert.equal(utcDay(Date.UTC(2026, 0, 1)), '2026-01-01')
  assert.equal(utcDay(0), '1970-01-01')
})

test('the last days begin with today and go back over the end of a month', () => {
  assert.deepEqual(lastUtcDays(Date.UTC(2024, 2, 1, 5), 3), ['2024-03-01', '2024-02-29', '2024-02-28'])
})
