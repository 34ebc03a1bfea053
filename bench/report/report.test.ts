import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Samples } from '../samples.ts'
import { quantile, readable, spread } from '../statistics.ts'
import { chart } from './chart.ts'
import { goals } from './goals.ts'
import { headlines } from './ratios.ts'
import { tables } from './tables.ts'

function threeRuns(): Samples {
  const samples = new Samples(['Capstan, Redis', 'BullMQ'])
  const add = (subject: string, ...values: number[]) => {
    for (const value of values) samples.add({ measure: 'process, C=100', unit: 'jobs/s', subject, value })
  }
  add('Capstan, Redis', 90_000, 110_000, 100_000)
  add('BullMQ', 10_000, 20_000, 25_000)
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
    /\| process, C=100 \(jobs\/s\) \| 100 000 \(90 000–110 000\) \| 20 000 \(10 000–25 000\) \|/,
  )
})

test('a ratio pairs the figures of each round, and is none when a round is missing', () => {
  const [figure, base] = ['Capstan, Redis', 'BullMQ'].map((subject) => ({
    measure: 'process, C=100',
    subject,
  }))
  assert.deepEqual(threeRuns().ratio(figure!, base!), { median: 5.5, least: 4, most: 9 })
  const uneven = threeRuns()
  uneven.add({ ...base!, unit: 'jobs/s', value: 30_000 })
  assert.equal(uneven.ratio(figure!, base!), null)
})

test('the three ratios that say most have their ranges, and a dash where nothing was measured', () => {
  const samples = threeRuns()
  for (const { subject, value } of threeRuns().all)
    samples.add({ measure: 'process, C=10', unit: 'jobs/s', subject, value })
  const [overBullmq, overSidekiq] = headlines(samples).split('\n')
  assert.match(overBullmq!, /\*\*5\.50 \(4\.00–9\.00\) times\*\*/)
  assert.match(overSidekiq!, /\*\*– times\*\*/)
})

test('a goal compares round by round, and what was not measured is not met', () => {
  const [overBullmq, atTen] = goals(threeRuns())
  assert.equal(overBullmq?.value?.toFixed(2), '5.50')
  assert.equal(overBullmq?.met, true)
  assert.deepEqual([atTen?.value, atTen?.met], [null, false])
})

test('the chart has a bar for each subject', () => {
  assert.equal(chart(threeRuns()).match(/<rect x=/g)?.length, 2)
})
