import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { definition, type JobOptions } from './definition.ts'
import { editPayload } from './edit-payload.ts'
import { enqueueEdits, type NewPayload, newPayload } from './new-payload.ts'
import { isMalformed, parsePayload } from './payload.ts'

const NOW = 1_795_492_274_768

const job = (options: Omit<JobOptions, 'name'> = {}, changes: Partial<NewPayload> = {}): string =>
  newPayload({
    definition: definition({ name: 'Mail', run: () => undefined, ...options }),
    queue: 'mails',
    args: ['a', 1, { b: null }],
    jid: '0123456789abcdef01234567',
    now: NOW,
    enqueued: true,
    context: null,
    ...changes,
  })

describe('newPayload', () => {
  test('is canonical JSON with the fields of the wire', () => {
    assert.equal(
      job(),
      '{"class":"Mail","retry":true,"queue":"mails","args":["a",1,{"b":null}],"jid":"0123456789abcdef01234567",' +
        '"created_at":1795492274.768,"enqueued_at":1795492274.768}',
    )
  })

  test('carries the options that a worker must know, and only those that were set', () => {
    const made = job({ retry: 3, dead: false, backtrace: 5, tags: ['x'], expiresIn: '90s', timeout: '1m' })
    assert.ok(
      made.startsWith(
        '{"class":"Mail","retry":3,"dead":false,"backtrace":5,"tags":["x"],"expires_in":90,"queue":',
      ),
      made,
    )
    assert.match(job({ retry: false }), /^\{"class":"Mail","retry":false,/)
    assert.match(job({ retry: 0 }), /^\{"class":"Mail","retry":0,/)
  })

  test('a job for later has no enqueued_at until it leaves the schedule', () => {
    const later = job({}, { enqueued: false })
    assert.equal(later.includes('enqueued_at'), false)
    assert.match(editPayload(later, enqueueEdits(NOW + 1_000)), /,"enqueued_at":1795492275\.768}$/)
  })

  test('context comes last, as JSON', () => {
    assert.match(job({}, { context: { tenant: 'ä"b' } }), /,"context":\{"tenant":"ä\\"b"\}\}$/)
  })

  test('names and queues with odd characters are escaped, and a second job of a definition has the same options', () => {
    const shared = definition({ name: 'A"B\\', tags: ['ü'], run: () => undefined })
    const [first, second] = ['q1', 'q"2'].map((queue) => job({}, { definition: shared, queue }))
    for (const [text, queue] of [
      [first, 'q1'],
      [second, 'q"2'],
    ] as const) {
      const payload = parsePayload(text!)
      assert.ok(!isMalformed(payload))
      assert.deepEqual([payload.class, payload.tags, payload.queue], ['A"B\\', ['ü'], queue])
    }
  })
})
