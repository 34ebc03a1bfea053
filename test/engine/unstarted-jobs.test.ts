import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registry } from '../../src/job/registry.ts'
import { DONE, type JobResult } from '../../src/worker/job-result.ts'
import { Worker } from '../../src/worker/worker.ts'
import { capsuleInfo, hostOf, raw, Stage, work } from './stage.ts'

const REASON = 'its own process or thread could not start /cell.ts: spawn EAGAIN'

/** The first process that is asked for does not start. */
function shortOfProcesses() {
  const begun: string[] = []
  const runInProcess = async ({ claim }: { claim: { payload: string } }): Promise<JobResult> => {
    begun.push(claim.payload)
    return begun.length === 1 ? { kind: 'unstarted', reason: REASON } : DONE
  }
  return { begun, isolation: { runInProcess, runInThread: runInProcess, close: async () => {} } }
}

test('a suspect whose process does not start is charged with nothing and tried again, and the log says so once', async () => {
  const stage = new Stage()
  const { begun, isolation } = shortOfProcesses()
  const crash = { interruptions: 1, crashes: 1, causes: ['killed by SIGKILL'] }
  const suspect = raw('1', { queue: 'a', retry: 0, capstan_crash: crash })
  await stage.push('a', suspect)
  const worker = new Worker(stage.runtime, stage.line, {
    capsules: [capsuleInfo(1)],
    registry: registry([work(() => assert.fail('it ran beside others'))]),
    host: hostOf(),
    version: '0.1.0',
    isolation,
  })
  await worker.start()
  await stage.settle()
  assert.deepEqual(
    (await stage.entries('schedule')).map(({ payload }) => payload),
    [suspect],
  )
  const lines = stage.lines.filter(({ fields }) => fields.jid === '1')
  assert.deepEqual(
    lines.map(({ level, message, fields }) => [level, message, fields.to, fields.reason]),
    [['warn', 'job unstarted', 'schedule', REASON]],
  )
  await stage.clock.advance(60_000)
  assert.equal(begun.length, 2)
  const { processed, failed, dead, retries, enqueued, scheduled } = await stage.store.stats(
    stage.clock.now(),
    1,
  )
  assert.deepEqual(
    { processed, failed, dead, retries, enqueued, scheduled },
    { processed: 1, failed: 0, dead: 0, retries: 0, enqueued: 0, scheduled: 0 },
  )
  await worker.stop()
})
