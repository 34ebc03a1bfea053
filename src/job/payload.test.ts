import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isMalformed, MAX_PAYLOAD_BYTES, parsePayload } from './payload.ts'

const GOOD = { class: 'Thumbnail', args: ['a.jpg', 300], jid: 'abc' }
const withFields = (fields: Record<string, unknown>) => JSON.stringify({ ...GOOD, ...fields })

function reasonFor(raw: string): string | null {
  const payload = parsePayload(raw)
  return isMalformed(payload) ? payload.malformed : null
}

describe('parsePayload', () => {
  test('reads what any client wrote and keeps the keys it does not know', () => {
    const raw = withFields({ cattr: { locale: 'de' }, retry: true, queue: 'media', bid: 'b-1' })
    assert.deepEqual(parsePayload(raw), JSON.parse(raw))
  })

  test('class, args and jid are enough', () => {
    assert.equal(reasonFor(JSON.stringify(GOOD)), null)
  })

  test('a job with a key called "malformed" is not malformed', () => {
    assert.equal(reasonFor(withFields({ malformed: 'yes' })), null)
  })

  const others = ['queue', 'retry', 'retry_count', 'retry_queue', 'dead', 'backtrace', 'tags', 'expires_in']
  for (const key of others) {
    test(`"${key}": null is as good as none`, () =>
      assert.equal(reasonFor(withFields({ [key]: null })), null))
  }

  for (const [key, value] of [
    ['retry', '5'],
    ['retry', -1],
    ['retry', 1.5],
    ['dead', 'no'],
    ['backtrace', 'all'],
    ['backtrace', -1],
    ['tags', ['a', 1]],
  ] as const) {
    test(`"${key}": ${JSON.stringify(value)} is taken, as Ruby takes it`, () =>
      assert.equal(reasonFor(withFields({ [key]: value })), null))
  }

  for (const [raw, reason] of [
    ['', 'not valid JSON'],
    ['{', 'not valid JSON'],
    ["{'class':'A'}", 'not valid JSON'],
    ['null', 'not a JSON object'],
    ['7', 'not a JSON object'],
    ['"text"', 'not a JSON object'],
    ['[]', 'not a JSON object'],
    ['{}', '"class" is not a non-empty string'],
    [withFields({ class: '' }), '"class" is not a non-empty string'],
    [withFields({ class: 7 }), '"class" is not a non-empty string'],
    [withFields({ args: undefined }), '"args" is not an array'],
    [withFields({ args: { 0: 'a' } }), '"args" is not an array'],
    [withFields({ jid: undefined }), '"jid" is not a non-empty string'],
    [withFields({ jid: 12 }), '"jid" is not a non-empty string'],
    [withFields({ queue: '' }), '"queue" is not a non-empty string'],
    [withFields({ retry_count: -2 }), '"retry_count" is not a count'],
    [withFields({ retry_count: '2' }), '"retry_count" is not a count'],
    [withFields({ retry_queue: 1 }), '"retry_queue" is not a non-empty string'],
    [withFields({ backtrace: ['all'] }), '"backtrace" is not true, false or a count'],
    [withFields({ tags: 'a' }), '"tags" is not an array'],
    [withFields({ expires_in: '60' }), '"expires_in" is not a number of seconds'],
  ] as const) {
    test(`${raw || 'an empty text'} is malformed: ${reason}`, () => assert.equal(reasonFor(raw), reason))
  }

  test('the size limit is in bytes: exactly at it is accepted, one more is not', () => {
    const sized = (sizeBytes: number, filling = 'x') => {
      const empty = Buffer.byteLength(withFields({ filling: '' }))
      const times = (sizeBytes - empty) / Buffer.byteLength(filling)
      return withFields({
        filling:
          filling.repeat(Math.floor(times)) + 'x'.repeat((sizeBytes - empty) % Buffer.byteLength(filling)),
      })
    }
    assert.equal(Buffer.byteLength(sized(MAX_PAYLOAD_BYTES)), MAX_PAYLOAD_BYTES)
    assert.equal(reasonFor(sized(MAX_PAYLOAD_BYTES)), null)
    assert.equal(reasonFor(sized(MAX_PAYLOAD_BYTES + 1)), `larger than ${MAX_PAYLOAD_BYTES} bytes`)
    assert.equal(reasonFor(sized(MAX_PAYLOAD_BYTES, '€')), null)
    assert.equal(reasonFor(sized(MAX_PAYLOAD_BYTES + 1, '€')), `larger than ${MAX_PAYLOAD_BYTES} bytes`)
  })
})
