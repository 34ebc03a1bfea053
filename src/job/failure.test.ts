import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inflateSync } from 'node:zlib'
import { failedPayload, type JobError, jobError, logged, retriesOf } from './failure.ts'
import type { Payload } from './payload.ts'

const NOW = 1_795_492_274_000
const RAW = '{"class":"Mail","args":[1.0],"jid":"a"}'
const BOOM: JobError = {
  name: 'RangeError',
  message: 'boom',
  stack: 'RangeError: boom\n    at one (a.ts:1:2)\n    at two (b.ts:3:4)\n    at three (c.ts:5:6)',
}

function failed(raw: string, error: JobError = BOOM): { text: string; payload: Payload } {
  const text = failedPayload(raw, JSON.parse(raw) as Payload, { error, queue: 'claimed-from', now: NOW })
  return { text, payload: JSON.parse(text) as Payload }
}

const withField = (field: string) => RAW.replace(/}$/, `,${field}}`)

describe('failedPayload', () => {
  test('the first failure: count 0, failed_at, the error, and every other byte as it was', () => {
    assert.equal(
      failed(RAW).text,
      '{"class":"Mail","args":[1.0],"jid":"a","queue":"claimed-from","error_message":"boom",' +
        '"error_class":"RangeError","retry_count":0,"failed_at":1795492274.0}',
    )
  })

  test('a later failure counts on and sets retried_at; failed_at stays', () => {
    const { payload } = failed(withField('"failed_at":1795490000.5,"retry_count":3,"error_message":"older"'))
    assert.equal(payload.retry_count, 4)
    assert.equal(payload.failed_at, 1795490000.5)
    assert.equal(payload.retried_at, 1795492274)
    assert.equal(payload.error_message, 'boom')
  })

  test('a retry_count of null is none: the first failure', () => {
    const { payload } = failed(withField('"retry_count":null'))
    assert.equal(payload.retry_count, 0)
    assert.equal(payload.failed_at, 1795492274)
    assert.equal('retried_at' in payload, false)
  })

  test('it will come back to the queue it was claimed from, or to its retry_queue', () => {
    assert.equal(failed(withField('"queue":"old"')).payload.queue, 'claimed-from')
    assert.equal(failed(withField('"queue":"old","retry_queue":"slow"')).payload.queue, 'slow')
  })

  test('a long message is cut, and half a surrogate pair does not stay behind', () => {
    const long = failed(RAW, { ...BOOM, message: `${'x'.repeat(9_999)}😀` }).payload.error_message!
    assert.equal(long, `${'x'.repeat(9_999)}\ufffd`)
    assert.equal(failed(RAW, { ...BOOM, message: 'y'.repeat(10_000) }).payload.error_message!.length, 10_000)
  })

  test('lone surrogates in a message or a name become readable text', () => {
    const { payload } = failed(RAW, { ...BOOM, name: 'A\ud800', message: 'b\udfff' })
    assert.deepEqual([payload.error_class, payload.error_message], ['A\ufffd', 'b\ufffd'])
  })
})

describe('the backtrace', () => {
  const linesOf = (field: string, error: JobError = BOOM): unknown => {
    const { error_backtrace: packed } = failed(withField(field), error).payload
    if (packed === undefined) return null
    return JSON.parse(inflateSync(Buffer.from(packed as string, 'base64')).toString())
  }

  test('all lines, as many as asked for, or none', () => {
    assert.deepEqual(linesOf('"backtrace":true'), [
      'at one (a.ts:1:2)',
      'at two (b.ts:3:4)',
      'at three (c.ts:5:6)',
    ])
    assert.deepEqual(linesOf('"backtrace":2'), ['at one (a.ts:1:2)', 'at two (b.ts:3:4)'])
    assert.deepEqual(linesOf('"backtrace":"2 lines"'), linesOf('"backtrace":2'))
    assert.deepEqual(linesOf('"backtrace":-1'), linesOf('"backtrace":2'))
    assert.deepEqual(linesOf('"backtrace":"all"'), [])
    for (const none of ['"backtrace":false', '"backtrace":null', '"x":1']) assert.equal(linesOf(none), null)
  })

  test('is zlib with its header', () => {
    const packed = failed(withField('"backtrace":true')).payload.error_backtrace as string
    assert.equal(Buffer.from(packed, 'base64')[0], 0x78)
  })

  test('an error without a stack has none', () => {
    assert.equal(linesOf('"backtrace":true', { ...BOOM, stack: null }), null)
  })
})

describe('jobError', () => {
  test('an error keeps its name, message and stack, and is itself at hand', () => {
    const thrown = new RangeError('far')
    assert.deepEqual(jobError(thrown), { name: 'RangeError', message: 'far', stack: thrown.stack, thrown })
  })

  test('anything else is an error with its text', () => {
    assert.deepEqual(jobError('no'), { name: 'Error', message: 'no', stack: null, thrown: 'no' })
    assert.equal(jobError(undefined).message, 'undefined')
  })

  test('an error with a message, a name or a stack that is no text, and a thing without a text, do no harm', () => {
    const odd = Object.assign(new Error('x'), { message: { code: 1 }, name: 7, stack: null })
    const { name, message, stack } = jobError(odd)
    assert.deepEqual([name, message, stack], ['7', '[object Object]', null])
    assert.equal(typeof jobError(Object.create(null)).message, 'string')
  })
})

describe('retriesOf', () => {
  test('failures that the payload knows of: none without a count, else one more than it', () => {
    const of = (fields: object) => retriesOf(fields as Payload)
    assert.deepEqual(
      [of({}), of({ retry_count: null }), of({ retry_count: 0 }), of({ retry_count: 4 })],
      [0, 0, 1, 5],
    )
  })
})

describe('logged', () => {
  const frames = ['at parse (node:internal/json:1:1)', 'at get (/app/node_modules/got/index.js:2:3)']
  const withStack = (...calls: string[]) => ({
    ...BOOM,
    stack: ['RangeError: boom', ...calls].join('\n    '),
  })

  test('names the innermost call in code of the application', () => {
    const { at } = logged(withStack(...frames, 'at run (/app/jobs/pay.ts:12:9)', 'at other (/app/x.ts:1:1)'))
    assert.equal(at, 'run (/app/jobs/pay.ts:12:9)')
  })

  test('names no place where there is none', () => {
    assert.deepEqual(logged(withStack(...frames)), { error: 'boom', errorClass: 'RangeError' })
    assert.deepEqual(logged({ ...BOOM, stack: null }), { error: 'boom', errorClass: 'RangeError' })
  })
})
