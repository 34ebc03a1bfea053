import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Random, seededRandom } from '../kernel/random.ts'
import { editPayload, type PayloadEdits } from './edit-payload.ts'

const CASES: ReadonlyArray<readonly [promise: string, raw: string, edits: PayloadEdits, expected: string]> = [
  ['a value is set in its place', '{"a":1,"b":2,"c":3}', { b: '"x"' }, '{"a":1,"b":"x","c":3}'],
  ['a new key comes at the end', '{"a":1}', { b: '2', c: '[]' }, '{"a":1,"b":2,"c":[]}'],
  ['a key is removed, wherever it stands', '{"a":1,"b":2,"c":3}', { a: null, c: null }, '{"b":2}'],
  ['the last key may go', '{"a":1}', { a: null }, '{}'],
  ['removing what is not there changes nothing', '{"a":1}', { b: null }, '{"a":1}'],
  ['no edits change nothing', '{"a":1,"b":[{}]}', {}, '{"a":1,"b":[{}]}'],
  ['an empty object gets its first key', '{}', { a: '1' }, '{"a":1}'],
  ['an empty object with spaces in it too', ' { \n} ', { a: '1' }, '{"a":1}'],
  ['1.0 stays 1.0', '{"a":[1.0,-0.0],"b":1}', { b: '2' }, '{"a":[1.0,-0.0],"b":2}'],
  [
    'exponents stay, however large',
    '{"a":[1e400,1E+2,-2.50e-7]}',
    { b: '1' },
    '{"a":[1e400,1E+2,-2.50e-7],"b":1}',
  ],
  ['integers past 2^53 stay', '{"id":9007199254740993123}', { b: '1' }, '{"id":9007199254740993123,"b":1}'],
  ['a bare value at the end of the object', '{"b":1,"a":12e5}', { b: null }, '{"a":12e5}'],
  ['escapes inside of values stay', '{"a":"\\u00e4\\/\\n","b":1}', { b: '2' }, '{"a":"\\u00e4\\/\\n","b":2}'],
  [
    'a key written with escapes is the same key',
    '{"\\u0071ueue":"a"}',
    { queue: '"b"' },
    '{"\\u0071ueue":"b"}',
  ],
  [
    'a key with a quote in it',
    '{"say \\"hi\\":":1,"b":2}',
    { 'say "hi":': '3' },
    '{"say \\"hi\\":":3,"b":2}',
  ],
  ['a new key is escaped', '{}', { 'a"b': '1' }, '{"a\\"b":1}'],
  [
    'brackets and commas in strings are only text',
    '{"a":"}],{\\"b\\":9","b":1}',
    { b: '2' },
    '{"a":"}],{\\"b\\":9","b":2}',
  ],
  ['a backslash before the closing quote', '{"a":"x\\\\","b":1}', { b: '2' }, '{"a":"x\\\\","b":2}'],
  ['backslashes and a quote', '{"a":"x\\\\\\"","b":1}', { b: '2' }, '{"a":"x\\\\\\"","b":2}'],
  [
    'an inner key of the same name is not meant',
    '{"a":{"b":1,"c":[{"b":2}]},"b":3}',
    { b: '4' },
    '{"a":{"b":1,"c":[{"b":2}]},"b":4}',
  ],
  ['strings inside of nested values', '{"a":["]}","{["],"b":1}', { b: null }, '{"a":["]}","{["]}'],
  [
    'spaces between members go, those inside of values stay',
    ' {\t"a" : [ 1 , 2 ] ,\r\n "b" : 1 } \n',
    { b: '2' },
    '{"a" : [ 1 , 2 ],"b" : 2}',
  ],
  ['the last of a doubled key counts and the others go', '{"a":1,"b":0,"a":2}', { a: '3' }, '{"b":0,"a":3}'],
  ['all of a doubled key are removed', '{"a":1,"b":0,"a":2}', { a: null }, '{"b":0}'],
  ['a doubled key that nobody edits stays doubled', '{"a":1,"a":2}', { b: '1' }, '{"a":1,"a":2,"b":1}'],
  ['words are values too', '{"a":true,"b":null,"c":false}', { b: '1' }, '{"a":true,"b":1,"c":false}'],
  [
    'keys that every JavaScript object has are keys like any other',
    '{"constructor":1,"toString":"x","__proto__":{}}',
    { b: '1' },
    '{"constructor":1,"toString":"x","__proto__":{},"b":1}',
  ],
  ['an empty key is a key', '{"":1,"b":1}', { '': '2' }, '{"":2,"b":1}'],
]

describe('editPayload', () => {
  for (const [promise, raw, edits, expected] of CASES) {
    test(promise, () => assert.equal(editPayload(raw, edits), expected))
  }

  test('4 MB of one argument are passed over without harm', () => {
    const big = `{"args":["${'\\"[{'.repeat(1_000_000)}"],"jid":"a"}`
    assert.equal(editPayload(big, { jid: '"b"' }), big.replace('"jid":"a"', '"jid":"b"'))
  })

  for (const seed of [1, 2, 3, 4, 5]) {
    test(`random objects are edited as a parser would, and nothing else moves (seed ${seed})`, () => {
      const random = seededRandom(seed)
      for (let round = 0; round < 400; round++) checkRandomEdit(random)
    })
  }
})

const KEYS = ['class', 'args', 'queue', 'a"b', 'ä\\', '', '{', 'toString', 'retry_count', '😀']

function checkRandomEdit(random: Random): void {
  const members = KEYS.filter(() => random.float() < 0.5).map((key) => [key, randomText(random, 0)] as const)
  const gap = () => pick(random, ['', '', ' ', '\n  ', '\t'])
  const raw = `${gap()}{${gap()}${members
    .map(([key, text]) => `${JSON.stringify(key)}${gap()}:${gap()}${text}`)
    .join(`${gap()},${gap()}`)}${gap()}}${gap()}`
  const edits = Object.fromEntries(
    KEYS.filter(() => random.float() < 0.3).map((key) => [
      key,
      random.float() < 0.5 ? null : randomText(random, 2),
    ]),
  )
  const edited = editPayload(raw, edits)
  const expected = new Map<string, string>(members)
  for (const [key, text] of Object.entries(edits)) {
    if (text === null) expected.delete(key)
    else expected.set(key, text)
  }
  const values = [...expected].map(([key, text]) => [key, JSON.parse(text)])
  assert.deepEqual(Object.entries(JSON.parse(edited)), values, raw)
  for (const [key, text] of members) {
    if (!Object.hasOwn(edits, key)) assert.ok(edited.includes(text), `${text} of ${raw}`)
  }
}

/** JSON text as other writers may have it: numbers, escapes and spaces that JavaScript would write otherwise. */
function randomText(random: Random, depth: number): string {
  const kind = random.float()
  if (depth > 3 || kind < 0.6) {
    return pick(random, [
      '1.0',
      '-0',
      '1e5',
      '12345678901234567890',
      'true',
      'null',
      '""',
      '"}"',
      '"a\\"]"',
      '"\\\\"',
      '"\\u00e4 , :"',
      '0.10',
    ])
  }
  const items = Array.from({ length: Math.floor(random.float() * 4) }, () => randomText(random, depth + 1))
  if (kind < 0.8) return `[ ${items.join(' ,')}]`
  return `{${items.map((text, index) => `"queue${index || ''}" : ${text}`).join(',\n')} }`
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[Math.floor(random.float() * items.length)]!
}
