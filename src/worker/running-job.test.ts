import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Payload } from '../job/payload.ts'
import { silentLogger } from '../kernel/logger.ts'
import { RunContext } from './run-context.ts'
import { JobAborted, RunningJob } from './running-job.ts'

const PAYLOAD: Payload = { class: 'Mail', args: [], jid: 'j1', queue: 'in-payload', retry_count: 2 }
const job = () => new RunningJob({ token: 't', queue: 'claimed-from', payload: '{}' }, PAYLOAD, 5)

const stopping = new JobAborted('job.worker_stopping', 'stop')
const lost = new JobAborted('job.lease_lost', 'lost')

describe('RunningJob', () => {
  test('a signal that was asked for before hears the reason', () => {
    const running = job()
    const { signal } = running
    assert.deepEqual([signal.aborted, running.aborted], [false, null])
    running.abort(stopping)
    assert.deepEqual([signal.aborted, signal.reason, running.aborted], [true, stopping, stopping])
  })

  test('a signal that is asked for afterwards has aborted already', () => {
    const running = job()
    running.abort(stopping)
    assert.equal(running.signal.reason, stopping)
  })

  test('the first reason counts', () => {
    const running = job()
    const { signal } = running
    running.abort(stopping)
    running.abort(lost)
    assert.deepEqual([running.aborted, signal.reason], [stopping, stopping])
  })
})

describe('RunContext', () => {
  test('tells a job what it is: the queue it was claimed from, the attempt counted from 1', () => {
    const context = new RunContext(job(), PAYLOAD, silentLogger)
    const { jid, job: name, queue, attempt } = context
    assert.deepEqual(
      { jid, name, queue, attempt },
      { jid: 'j1', name: 'Mail', queue: 'claimed-from', attempt: 4 },
    )
    const { retry_count: _, ...fresh } = PAYLOAD
    assert.equal(new RunContext(job(), fresh as Payload, silentLogger).attempt, 1)
  })

  test('its log names the job, and is made once', () => {
    const children: unknown[] = []
    const logger = {
      ...silentLogger,
      child: (fields: unknown) => {
        children.push(fields)
        return silentLogger
      },
    }
    const context = new RunContext(job(), PAYLOAD, logger)
    assert.equal(context.log, context.log)
    assert.deepEqual(children, [{ jid: 'j1', class: 'Mail' }])
  })

  test("its signal is the running job's", () => {
    const running = job()
    assert.equal(new RunContext(running, PAYLOAD, silentLogger).signal, running.signal)
  })
})
