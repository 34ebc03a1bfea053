import { jobError } from '../../job/failure.ts'
import { parsePayload } from '../../job/payload.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { Claim } from '../../store/exchange.ts'
import type { JobResult } from '../job-result.ts'
import { JobAborted, RunningJob } from '../running-job.ts'
import { type CellChannel, sendable } from './protocol.ts'

/** Runs one job, in this very thread. An `Executor` without isolation has it as its `execute`. */
export type Execute = (job: RunningJob) => Promise<JobResult> | JobResult

/**
 * What a cell does: says that it is ready, then runs what it is given, one job at a time, until its worker
 * ends it or is gone. Call it when the jobs are loaded.
 */
export function serve(runtime: Runtime, channel: CellChannel, execute: Execute): void {
  let current: RunningJob | null = null

  async function run(claim: Claim): Promise<void> {
    const job = new RunningJob(claim, parsePayload(claim.payload), runtime.clock.now())
    current = job
    const result = await resultOf(job, execute)
    current = null
    channel.send({ kind: 'result', token: claim.token, result: sendable(result) })
  }

  channel.receive((message) => {
    if (message.kind === 'run') void run(message.claim)
    else if (current?.claim.token === message.token)
      current.abort(new JobAborted(message.code, message.message))
  })
  channel.send({ kind: 'ready' })
}

async function resultOf(job: RunningJob, execute: Execute): Promise<JobResult> {
  try {
    return await execute(job)
  } catch (error) {
    return { kind: 'failed', error: jobError(error) }
  }
}
