import { Client } from '../../src/client/client.ts'
import { setDefaultClient } from '../../src/client/default-client.ts'
import { defineJob } from '../../src/client/define-job.ts'
import { registry } from '../../src/job/registry.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRuntime } from '../../src/kernel/runtime.ts'
import type { Store } from '../../src/store/store.ts'
import { linuxHost } from '../../src/worker/host.ts'
import { Worker } from '../../src/worker/worker.ts'
import type { BenchJob, OpenSystem, WorkerSetup } from '../system.ts'

const runtime = systemRuntime(silentLogger)
let perform: WorkerSetup['perform'] = () => undefined

const noop = defineJob({ name: 'Noop', run: ([id]: [number, string]) => perform(id) })

/** Capstan on a store that is open, with the settings that it has by itself. */
export function capstanOn(store: Store): OpenSystem {
  setDefaultClient(new Client(runtime, store))
  return {
    enqueue: ({ id, padding }, queue) => noop.with({ queue }).enqueue(id, padding),
    enqueueMany: (jobs, queue) => noop.with({ queue }).enqueueMany(rows(jobs)),
    async startWorker(setup) {
      perform = setup.perform
      const worker = newWorker(store, setup)
      await worker.start()
      return worker
    },
    close: () => store.close(),
  }
}

export { runtime }

function rows(jobs: readonly BenchJob[]): Array<[number, string]> {
  return jobs.map(({ id, padding }) => [id, padding])
}

function newWorker(store: Store, { concurrency, queues }: WorkerSetup): Worker {
  const weights = Object.fromEntries(queues.map((queue) => [queue, 0]))
  return new Worker(runtime, store, {
    capsules: [{ name: 'default', concurrency, mode: 'strict', weights }],
    registry: registry([noop.definition]),
    host: linuxHost({ hostname: 'bench', pid: process.pid, rssKib: () => 0 }),
    version: 'bench',
  })
}
