import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { invocationOf, nameOf } from './invocation.ts'
import { isMalformed, parsePayload } from './payload.ts'

const RAILS = 'ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper'

function read(raw: string) {
  const payload = parsePayload(raw)
  assert.ok(!isMalformed(payload))
  return payload
}

const invoked = (fields: Record<string, unknown>) => {
  const raw = JSON.stringify({ class: 'A', args: [], jid: 'j', ...fields })
  return invocationOf(raw, read(raw))
}
const inRails = (inside: unknown, fields: Record<string, unknown> = {}) =>
  invoked({ class: RAILS, wrapped: 'Mail', args: [{ job_class: 'Mail', arguments: inside }], ...fields })

describe('invocationOf', () => {
  test('is the class and the arguments of an ordinary job', () => {
    assert.deepEqual(invoked({ args: [1, { a: null }] }), { name: 'A', args: [1, { a: null }] })
  })

  test('"wrapped" alone does not make a Rails job', () => {
    assert.deepEqual(invoked({ wrapped: 'Other', args: [1] }), { name: 'A', args: [1] })
  })

  for (const name of [RAILS, 'Sidekiq::ActiveJob::Wrapper']) {
    test(`is the job inside ${name}`, () => {
      assert.deepEqual(inRails([1, 'two', null], { class: name }), { name: 'Mail', args: [1, 'two', null] })
    })
  }

  test('hashes of Rails lose their marks, at any depth', () => {
    const keywords = { a: [{ b: 1, _aj_symbol_keys: ['b'] }], _aj_ruby2_keywords: ['a'] }
    const indifferent = { c: 2, _aj_hash_with_indifferent_access: true }
    assert.deepEqual(inRails([keywords, indifferent]), { name: 'Mail', args: [{ a: [{ b: 1 }] }, { c: 2 }] })
  })

  test('a record is refused with its path and its name', () => {
    const { refused } = inRails([1, { user: { _aj_globalid: 'gid://app/User/7' } }]) as { refused: string }
    assert.match(refused, /^arguments\[1\]\.user is a record \(GlobalID\), "gid:\/\/app\/User\/7"/)
  })

  test('a serialized Ruby object is refused', () => {
    const time = { _aj_serialized: 'ActiveJob::Serializers::TimeSerializer', value: '2026-01-01' }
    const { refused } = inRails([[time]]) as { refused: string }
    assert.match(refused, /^arguments\[0\]\[0\] is a serialized Ruby object, "ActiveJob::/)
  })

  for (const [what, fields, reason] of [
    ['without the name of its job', { wrapped: undefined }, /"wrapped"/],
    ['without arguments', { args: [{ job_class: 'Mail' }] }, /"arguments"/],
    ['with an argument of null', { args: [null] }, /"arguments"/],
    ['with no argument at all', { args: [] }, /"arguments"/],
  ] as const) {
    test(`a Rails job ${what} is refused`, () => {
      assert.match((inRails([], fields) as { refused: string }).refused, reason)
    })
  }

  for (const [key, value] of [
    ['bid', 'abc'],
    ['unique_for', 600],
    ['encrypt', true],
  ] as const) {
    test(`a job with "${key}" is refused, naming the key; with null or false it is not`, () => {
      assert.match((invoked({ [key]: value }) as { refused: string }).refused, new RegExp(`"${key}"`))
      assert.ok('name' in invoked({ [key]: null }))
      assert.ok('name' in invoked({ [key]: false }))
    })
  }
})

describe('whole numbers', () => {
  const argsOf = (text: string) => {
    const raw = `{"class":"A","jid":"j","args":${text}}`
    return (invocationOf(raw, read(raw)) as unknown as { args: unknown[] }).args
  }

  test('past 2^53 they are BigInts, at any depth, and others stay numbers', () => {
    assert.deepEqual(argsOf('[9007199254740993,{"a":[-123456789012345678901]},7,1.0,"9007199254740993"]'), [
      9007199254740993n,
      { a: [-123456789012345678901n] },
      7,
      1,
      '9007199254740993',
    ])
  })

  test('a number that JavaScript wrote comes back as it was', () => {
    for (const number of [2 ** 53, 2 ** 60, -(2 ** 70), 1e300, 0.1 + 0.2]) {
      assert.deepEqual(argsOf(JSON.stringify([number, 9007199254740991])), [number, 9007199254740991])
    }
  })
})

test('what is nested too deep to be walked is refused', () => {
  const raw = `{"class":"A","jid":"j","args":${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}}`
  assert.deepEqual(invocationOf(raw, read(raw)), { refused: 'nested too deeply' })
})

test('a job is called by the name inside its wrapper, where there is one', () => {
  const name = (fields: object) =>
    nameOf(read(JSON.stringify({ class: RAILS, args: [], jid: 'j', ...fields })))
  assert.deepEqual(
    [name({ wrapped: 'Mail' }), name({}), name({ class: 'A', wrapped: 'B' })],
    ['Mail', RAILS, 'A'],
  )
})
