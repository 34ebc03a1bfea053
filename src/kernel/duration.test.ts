import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { durationMs, durationOption } from './duration.ts'
import { UsageError } from './errors.ts'

describe('durationMs', () => {
  for (const [duration, ms] of [
    [0, 0],
    [250, 250],
    [1.5, 1.5],
    ['500ms', 500],
    ['25s', 25_000],
    ['2m', 120_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    [' 10 s ', 10_000],
    ['0s', 0],
  ] as const) {
    test(`${JSON.stringify(duration)} is ${ms} ms`, () => {
      assert.equal(durationMs(duration, 'here'), ms)
    })
  }

  for (const wrong of [
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    '10',
    '-5s',
    '5 weeks',
    '1h30m',
    's',
    '1e3s',
    '.5s',
    null,
    undefined,
    {},
    true,
  ]) {
    test(`${typeof wrong} ${String(wrong)} is refused, naming where it stands`, () => {
      assert.throws(
        () => durationMs(wrong as string, 'job A: timeout'),
        (error: unknown) =>
          error instanceof UsageError &&
          error.code === 'options.duration' &&
          error.message.startsWith('job A: timeout: expected milliseconds or a text'),
      )
    })
  }
})

describe('durationOption', () => {
  test('reads a number with its unit', () => assert.equal(durationOption('1.5h', '--in'), 5_400_000))

  for (const [wrong, message] of [
    [
      '10',
      '--in: expected a number with its unit (ms, s, m, h or d), such as 25s, got "10"; for seconds write 10s',
    ],
    ['soon', '--in: expected a number with its unit (ms, s, m, h or d), such as 25s, got "soon"'],
    ['-5s', '--in: expected a number with its unit (ms, s, m, h or d), such as 25s, got "-5s"'],
  ] as const) {
    test(`${wrong} is refused, in the words of a command line`, () => {
      assert.throws(() => durationOption(wrong, '--in'), { code: 'options.duration', message })
    })
  }
})
