import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { failedPayload, jobError } from '../../src/job/failure.ts'
import { isMalformed, parsePayload } from '../../src/job/payload.ts'
import { payloadsOf } from '../sidekiq-versions/fixtures/payloads.ts'
import { SharedRedis, WITHOUT_RUBY } from './shared-redis.ts'

const NOW = 1_795_492_660_000
const LATER = 1_795_500_000.5

/** As we leave it after a failure. */
function failed(text: string): string {
  const payload = parsePayload(text)
  assert.ok(!isMalformed(payload))
  return failedPayload(text, payload, { error: jobError(new Error('née "x"')), queue: 'a', now: NOW })
}

describe('payloads of Sidekiq 7 and 8 that failed with us, in the hands of Ruby', {
  skip: WITHOUT_RUBY,
}, () => {
  let redis: SharedRedis
  before(async () => {
    redis = await SharedRedis.start()
  })
  beforeEach(() => redis.server.command('FLUSHDB'))
  after(() => redis?.close())

  for (const major of [7, 8] as const)
    for (const [line, text] of payloadsOf(major).entries())
      test(`payload ${line + 1} of ${major} is rescheduled as one job, by the bytes that Ruby would write`, async () => {
        const mine = failed(text)
        await redis.server.command('ZADD', 'retry', '1795492700.25', mine)
        await redis.ruby.run(
          'Sidekiq::RetrySet.new.find_job(args[0]).reschedule(args[1]); nil',
          JSON.parse(text).jid,
          LATER,
        )
        assert.deepEqual(await redis.lines('ZRANGE', 'retry', '0', '-1', 'WITHSCORES'), [mine, String(LATER)])
      })
})
