import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench } from '../bench.ts'
import { Child } from '../child-process.ts'
import { cpuUsOf } from '../machine.ts'
import type { Subject } from '../subjects.ts'
import { QUEUE } from '../system.ts'

/** After its start a worker is busy with itself. */
const SETTLE_MS = 2_000
/** Two of the heartbeats that workers send. */
const IDLE_MS = 10_000
const CONCURRENCY = 10

/** What a worker without work costs: all at the same time, since each has a server of its own. */
export async function measureIdle(bench: Bench): Promise<void> {
  const subjects = bench.subjects.filter(({ kind, isVariant }) => kind !== 'limit' && !isVariant)
  const idlers: Idler[] = []
  try {
    for (const subject of subjects) idlers.push(await startIdler(bench, subject))
    await sleep(SETTLE_MS)
    const before = await Promise.all(idlers.map(reading))
    await sleep(IDLE_MS)
    const after = await Promise.all(idlers.map(reading))
    for (const [i, { subject }] of idlers.entries()) {
      const add = (measure: string, unit: string, value: number) =>
        bench.samples.add({ measure: `idle worker, ${measure}`, unit, subject: subject.name, value })
      const perSecond = (what: 'commands' | 'serverUs' | 'workerUs') =>
        (after[i]![what] - before[i]![what]) / (IDLE_MS / 1_000)
      add('CPU of the worker', 'µs/s', perSecond('workerUs'))
      if (subject.server === null) continue
      add('CPU of the server', 'µs/s', perSecond('serverUs'))
      add('commands', 'per second', perSecond('commands'))
    }
  } finally {
    await Promise.all(idlers.map(endIdler))
  }
}

interface Idler {
  readonly subject: Subject
  readonly worker: Child
}

async function startIdler({ servers }: Bench, { name, apart }: Subject): Promise<Idler> {
  const directory = join(servers.directory, `idle ${name}`)
  await mkdir(directory)
  const subject = await apart(directory)
  const [worker] = await Child.start(`${name}, idle`, subject.argv)
  const request = { concurrency: CONCURRENCY, queues: [QUEUE], ids: 1, wanted: 1, waitMs: 0, times: false }
  await worker.ask({ ask: 'work', ...request })
  return { subject, worker }
}

async function endIdler({ subject, worker }: Idler): Promise<void> {
  await worker.end()
  await subject.server?.stop()
}

async function reading({ subject, worker }: Idler) {
  const { commands = 0, cpuUs = 0 } = (await subject.server?.read()) ?? {}
  return { workerUs: cpuUsOf(worker.pid), commands, serverUs: cpuUs }
}
