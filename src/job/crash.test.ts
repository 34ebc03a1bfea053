import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AfterCrash, afterCrash, cleared, crashRecord, isSuspect } from './crash.ts'
import type { Payload } from './payload.ts'

const NOW = 1_795_492_274_000
const RAW = '{"class":"Mail","args":[1.0],"jid":"a"}'
const parsed = (raw: string) => JSON.parse(raw) as Payload

/** A life of crashes, `true` for each in which the job was alone. */
function crashes(aloneEach: readonly boolean[], raw = RAW): AfterCrash {
  let after: AfterCrash = { payload: raw, buried: null }
  for (const [index, alone] of aloneEach.entries()) {
    after = afterCrash(after.payload, parsed(after.payload), { alone, cause: `cause ${index + 1}`, now: NOW })
  }
  return after
}

describe('afterCrash', () => {
  test('a crash beside others makes a suspect and charges nobody', () => {
    const { payload, buried } = crashes([false])
    assert.equal(buried, null)
    assert.equal(
      payload,
      '{"class":"Mail","args":[1.0],"jid":"a","capstan_crash":{"interruptions":1,"crashes":0,"causes":["cause 1"]}}',
    )
    assert.equal(isSuspect(parsed(payload)), true)
  })

  test('the third crash, two of them alone, buries the job with every cause in the reason', () => {
    assert.equal(crashes([false, true]).buried, null)
    const { payload, buried } = crashes([false, true, true])
    assert.match(buried!, /died 2 times while it ran alone.*: cause 1; cause 2; cause 3$/)
    const { error_class, error_message, failed_at, retry_count } = parsed(payload)
    assert.deepEqual(
      { error_class, error_message, failed_at, retry_count },
      { error_class: 'ProcessDied', error_message: buried, failed_at: 1795492274, retry_count: 0 },
    )
  })

  test('interruptions alone bury nobody for a long time, and somebody in the end', () => {
    assert.equal(crashes(new Array(25).fill(false)).buried, null)
    assert.match(crashes(new Array(26).fill(false)).buried!, /^26 workers died while it ran: /)
  })

  test('only the latest causes are kept', () => {
    const { payload } = crashes(new Array(8).fill(false))
    assert.deepEqual(crashRecord(parsed(payload)).causes, [
      'cause 4',
      'cause 5',
      'cause 6',
      'cause 7',
      'cause 8',
    ])
  })

  test('a buried job keeps the retry count that it had', () => {
    const { payload } = crashes([true, true], RAW.replace('}', ',"retry_count":7}'))
    assert.equal(parsed(payload).retry_count, 7)
  })
})

describe('cleared', () => {
  test('takes the record away and leaves every other byte', () => {
    const text = cleared(crashes([false, true]).payload)
    assert.equal(text, RAW)
    assert.equal(isSuspect(parsed(text)), false)
  })
})

describe('crashRecord', () => {
  test('is empty without one, and for one that somebody else wrote amiss', () => {
    const none = { interruptions: 0, crashes: 0, causes: [] }
    const of = (capstan_crash: unknown) => crashRecord({ ...parsed(RAW), capstan_crash })
    for (const amiss of [undefined, null, 'x', 7, {}, { interruptions: 'x', crashes: null, causes: 'y' }]) {
      assert.deepEqual(of(amiss), none)
    }
  })

  test('a record of null suspects nobody', () => {
    assert.equal(isSuspect({ ...parsed(RAW), capstan_crash: null }), false)
  })
})
