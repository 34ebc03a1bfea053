import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineJob } from '../client/define-job.ts'
import { registry } from '../job/registry.ts'
import { unservedQueues, unservedText } from './unserved-queues.ts'

const jobsOf = (queues: Readonly<Record<string, string>>) =>
  registry(
    Object.entries(queues).map(([name, queue]) => defineJob({ name, queue, run: () => {} }).definition),
  )

const jobs = jobsOf({ Welcome: 'mail', Report: 'reports', Invoice: 'reports', Greet: 'default' })

test('jobs whose queue nobody takes are named with their queues, each once', () => {
  const unserved = unservedQueues(jobs, ['default', 'other'])!
  assert.equal(unservedText(unserved), 'jobs Invoice, Report, and Welcome use queues reports and mail')
  assert.equal(unservedText(unservedQueues(jobs, ['default', 'reports'])!), 'job Welcome uses queue mail')
})

test('where all queues are taken, nothing is said', () => {
  assert.equal(unservedQueues(jobs, ['default', 'mail', 'reports']), null)
})
