import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStore } from '../store/memory/index.ts'
import { workerViews } from './workers.ts'

const IDENTITY = 'host:1:aaaaaaaaaaaa'

test('what a worker claimed after its last beat is shown, dead or alive', async () => {
  const store = memoryStore()
  const info = {
    ...{
      identity: IDENTITY,
      hostname: 'host',
      pid: 1,
      bootId: '',
      processStart: '',
      startedAt: 0,
      tag: '',
      labels: [],
    },
    capsules: [{ name: 'default', concurrency: 2, mode: 'strict' as const, weights: { mail: 0 } }],
    version: '0',
  }
  const counts = { processed: 0, failed: 0, rssKib: 0, roundTripUs: 0 }
  await store.heartbeat({ worker: info, now: 5, quiet: false, running: [], ...counts })
  const payload = '{"class":"Mail","args":[],"jid":"j1"}'
  await store.push({ token: 't', now: 6, jobs: [{ queue: 'mail', payload, at: null }] })
  await store.exchange({ identity: IDENTITY, now: 7, settle: [], queues: ['mail'], count: 2 })
  const [worker] = await workerViews(store, 8)
  assert.deepEqual(
    worker!.running.map(({ jid, startedAt }) => [jid, startedAt]),
    [['j1', 5]],
  )
})
