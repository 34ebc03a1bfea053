import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UsageError } from '../kernel/errors.ts'
import { checkArguments } from './json-arguments.ts'

class Money {
  cents = 5
}

/** `levels` arrays within each other. */
function nested(levels: number): unknown {
  let value: unknown = 'core'
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

function refusal(...args: unknown[]): string {
  try {
    checkArguments('Mail', args)
  } catch (error) {
    assert.ok(error instanceof UsageError && error.code === 'job.not_serializable')
    return error.message
  }
  return 'accepted'
}

describe('checkArguments', () => {
  test('accepts what JSON carries unchanged, nested as one likes', () => {
    const plain = { text: 'ä€😀', list: [1, -2.5, 1e300, true, null, { deep: [[]] }], empty: {} }
    const bare = Object.assign(Object.create(null), { a: { b: 1 } })
    assert.equal(refusal(), 'accepted')
    assert.equal(refusal('a', 0, false, null, [], {}, plain, bare), 'accepted')
  })

  test('the same object in two places is no cycle', () => {
    const shared = { id: 1 }
    assert.equal(refusal(shared, [shared, shared]), 'accepted')
  })

  for (const [name, value, found] of [
    ['undefined', undefined, 'undefined'],
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a BigInt', 1n, 'a BigInt'],
    ['NaN', Number.NaN, 'NaN'],
    ['Infinity', Number.POSITIVE_INFINITY, 'Infinity'],
    ['-Infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['half a surrogate pair', 'a\ud83d', 'a string with half a surrogate pair'],
    ['a Date', new Date(0), 'an instance of Date'],
    ['a Map', new Map(), 'an instance of Map'],
    ['a Set', new Set(), 'an instance of Set'],
    ['a Buffer', Buffer.from('x'), 'an instance of Buffer'],
    ['an error', new RangeError('x'), 'an instance of RangeError'],
    ['a boxed string', Object('x'), 'an instance of String'],
    ['an object of an own class', new Money(), 'an instance of Money'],
  ] as const) {
    test(`refuses ${name}, naming its path`, () => {
      assert.ok(refusal('ok', value).startsWith(`Mail: args[1] is ${found}. `))
      const inside = refusal({ user: { list: [0, value] } })
      assert.ok(inside.startsWith(`Mail: args[0].user.list[1] is ${found}. `), inside)
    })
  }

  test('refuses a hole in an array and a key with half a surrogate pair', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    assert.ok(refusal([1, , 3]).startsWith('Mail: args[0][1] is undefined. '))
    assert.ok(refusal({ '\udc00': 1 }).startsWith('Mail: args[0].\udc00 is under a malformed key. '))
  })

  test('says what to send instead', () => {
    assert.match(refusal(new Date(0)), /send toISOString\(\)\.$/)
    assert.match(refusal(1n), /send it as a string\.$/)
    assert.match(refusal(new Money()), /send its fields as a plain object\.$/)
  })

  test('98 levels are accepted, 99 are not', () => {
    assert.equal(refusal(nested(98)), 'accepted')
    assert.match(refusal(nested(99)), /is nested too deeply, or contains itself\. /)
  })

  test('the deepest accepted arguments make a payload of 100 levels', () => {
    const text = JSON.stringify({ args: [nested(98)] })
    assert.equal((text.match(/[[{]/g) ?? []).length, 100)
  })

  test('a cycle is refused, through objects and through arrays', () => {
    const loop: Record<string, unknown> = { name: 'a' }
    loop.self = loop
    const ring: unknown[] = []
    ring.push([ring])
    assert.match(refusal(loop), /^Mail: args\[0\](\.self){98} is nested too deeply, or contains itself\. /)
    assert.match(refusal(ring), /contains itself/)
  })
})
