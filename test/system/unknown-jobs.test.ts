import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { adminOf } from '../../src/admin/index.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRuntime } from '../../src/kernel/runtime.ts'
import { eventually } from './redis-fixture.ts'
import { NEEDS_REDIS, Scene } from './scene.ts'
import type { WorkerProcess } from './worker-process.ts'

const PAYLOAD = '{"class":"Shop::Lost","args":[1.0],"jid":"aa0000000000000000000001","queue":"default"}'

describe('a job of a class that no worker knows', NEEDS_REDIS, () => {
  let scene: Scene
  let worker: WorkerProcess
  before(async () => {
    scene = await Scene.open('redis')
    worker = scene.work()
    await worker.said('ready')
    await scene.server.command('LPUSH', 'queue:default', PAYLOAD)
  })
  after(() => scene?.close())

  test('is told by the worker that met it, with its class, its queue and how often', async () => {
    const admin = adminOf(systemRuntime(silentLogger), scene.connection.store)
    const [jobs] = await eventually(async () => {
      const unknown = await admin.unknownJobs()
      assert.ok(unknown.length > 0, 'no beat has told of it')
      return unknown
    })
    assert.deepEqual([jobs!.class, jobs!.queue], ['Shop::Lost', 'default'])
    assert.ok(jobs!.count >= 1)
    assert.match(jobs!.identity, new RegExp(`:${worker.child.pid}:`))
  })

  test('is named by the doctor, with who met it and what to do', async () => {
    const { stdout } = await scene.capstan('doctor', '--json')
    const { diagnoses } = JSON.parse(stdout) as { diagnoses: Array<Record<string, string>> }
    const found = diagnoses.find(({ subject }) => subject === 'jobs of class Shop::Lost on queue default')
    assert.equal(found?.state, 'warning')
    assert.match(found.what!, new RegExp(`^not known to \\S+:${worker.child.pid}:\\S+, which gave back \\d+`))
    assert.match(found.what!, /no other worker serves the queue/)
    assert.match(found.fix!, /capstan jobs scheduled --class Shop::Lost/)
  })
})
