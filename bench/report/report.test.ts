import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Samples } from '../samples.ts'
import { quantile, readable, spread } from '../statistics.ts'
import { chart } from './chart.ts'
import { goals } from './goals.ts'
import { tables } from './tables.ts'

function threeRuns(): Samples {
  const samples = new Samples()
  const add = (subject: string, ...values: number[]) => {
    for (const value of values) samples.add({ measure: 'process, C=100', unit: 'jobs/s', subject, value })
  }
  add('Capstan, Redis', 90_000, 110_000, 100_000)
  add('BullMQ', 10_000, 20_000)
  return samples
}

test('a spread is the median with the least and the most, in whatever order the numbers came', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, most: 3 })
  assert.deepEqual(spread([4, 1]), { median: 2.5, least: 1, most: 4 })
  assert.throws(() => spread([]), RangeError)
})

test('a quantile between two numbers lies between them', () => {
  assert.equal(quantile([0, 10], 0.99), 9.9)
  assert.equal(quantile([7], 0.99), 7)
})

test('figures have three digits, and thousands apart', () => {
  assert.deepEqual([0.0123, 4.567, 45.67, 456.7, 4_567, 1_234_567].map(readable), [
    ...['0.0123', '4.57', '45.7', '457', '4 570', '1 230 000'],
  ])
})

test('a table has a row a measure and a column a subject', () => {
  assert.match(
    tables(threeRuns()),
    /\| process, C=100 \(jobs\/s\) \| 100 000 \(90 000–110 000\) \| 15 000 \(10 000–20 000\) \|/,
  )
})

test('a goal compares medians, and what was not measured is not met', () => {
  const [overBullmq, atTen] = goals(threeRuns())
  assert.equal(overBullmq?.value?.toFixed(2), '6.67')
  assert.equal(overBullmq?.met, true)
  assert.deepEqual([atTen?.value, atTen?.met], [null, false])
})

test('the chart has a bar for each subject', () => {
  assert.equal(chart(threeRuns()).match(/<rect x=/g)?.length, 2)
})
