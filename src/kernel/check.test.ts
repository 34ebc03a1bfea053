import assert from 'node:assert/strict'
import { test } from 'node:test'
import { distinct, isDuration, meant, oneOf, recordOf, shape, textLike, wholeNumber } from './check.ts'

const check = shape(
  {
    mode: oneOf('fast', 'slow'),
    sizes: recordOf(textLike('a small letter', /^[a-z]$/), wholeNumber(1)),
    tags: distinct(textLike('a text', /^/)),
    wait: isDuration,
  },
  ['mode'],
)

test('a value that fits is passed over in silence, and undefined counts as left out', () =>
  assert.equal(
    check({ mode: 'fast', sizes: { a: 1 }, tags: ['x', 'y'], wait: undefined }, 'options'),
    undefined,
  ))

for (const [value, message] of [
  [null, 'options: expected an object, got null'],
  [[], 'options: expected an object, got a list'],
  [{}, 'options: mode is missing'],
  [{ mode: 'fsat' }, 'options.mode: expected one of fast, slow, got "fsat"; did you mean "fast"?'],
  [{ mode: () => {} }, 'options.mode: expected one of fast, slow, got a function'],
  [{ mode: 'fast', tgas: [] }, 'options: unknown key "tgas"; did you mean "tags"?'],
  [{ mode: 'fast', completely: 1 }, 'options: unknown key "completely"; known are mode, sizes, tags, wait'],
  [{ mode: 'fast', sizes: { a: 0.5 } }, 'options.sizes.a: expected a whole number from 1, got 0.5'],
  [{ mode: 'fast', sizes: { A: 1 } }, 'options.sizes: "A": expected a small letter, got "A"'],
  [{ mode: 'fast', tags: 'x' }, 'options.tags: expected a list, got "x"'],
  [{ mode: 'fast', tags: ['x', 7n] }, 'options.tags[1]: expected a text, got 7'],
  [{ mode: 'fast', tags: ['x', 'x'] }, 'options.tags: "x" is there twice'],
  [{ mode: 'fast', tags: ['a\0'] }, 'options.tags[0]: expected a text, got "a\\u0000"'],
] as const) {
  test(`what does not fit is named with its path: ${message}`, () =>
    assert.throws(() => check(value, 'options'), { message }))
}

test('where nothing is near, all that there is is named, be it one', () =>
  assert.deepEqual([meant('nowhere', ['a', 'b']), meant('nowhere', ['a'])], ['known are a, b', 'known is a']))

test('a long value is shown by its beginning', () =>
  assert.throws(
    () => oneOf('a')('x'.repeat(500), 'mode'),
    (error: Error) => error.message.length < 150,
  ))
