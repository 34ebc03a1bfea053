// One system in a process of its own: reads a request a line, answers a line each. Started by bench/child-process.ts.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ledger, machineMs } from './ledger.ts'
import type { Answers, EnqueueRequest, Request, WorkRequest } from './protocol.ts'
import { type BenchJob, type Opener, type OpenSystem, QUEUE, type RunningWorker } from './system.ts'

const BULK = 1_000 // jobs per bulk call, for every system

let worker: RunningWorker | null = null
let ledger = new Ledger(0, 0, false)

const jobAt = (id: number, padding: string): BenchJob => ({ id, padding })

async function timed(body: () => Promise<unknown>): Promise<Answers['enqueue']> {
  const before = process.cpuUsage()
  const since = performance.now()
  await body()
  const wallMs = performance.now() - since
  const { user, system: kernel } = process.cpuUsage(before)
  return { wallMs, cpuUs: user + kernel }
}

function enqueue(
  system: OpenSystem,
  { jobs, from, padding, inFlight }: EnqueueRequest,
): Promise<Answers['enqueue']> {
  const text = 'x'.repeat(padding)
  let next = from
  const lane = async () => {
    while (next < from + jobs) await system.enqueue(jobAt(next++, text), QUEUE)
  }
  return timed(() => Promise.all(Array.from({ length: inFlight }, lane)))
}

function enqueueMany(
  system: OpenSystem,
  { jobs, from, padding }: EnqueueRequest,
): Promise<Answers['enqueue']> {
  const text = 'x'.repeat(padding)
  return timed(async () => {
    for (let sent = 0; sent < jobs; sent += BULK) {
      const length = Math.min(BULK, jobs - sent)
      const lot = Array.from({ length }, (_, i) => jobAt(from + sent + i, text))
      await system.enqueueMany(lot, QUEUE)
    }
  })
}

/** One job at a time with pauses between, so that each finds an idle worker. */
async function drip(system: OpenSystem, jobs: number, pauseMs: number): Promise<Answers['drip']> {
  const sentMs: number[] = []
  for (let id = 0; id < jobs; id++) {
    await sleep(pauseMs)
    sentMs.push(machineMs())
    await system.enqueue(jobAt(id, ''), QUEUE)
  }
  return { sentMs }
}

async function work(system: OpenSystem, request: WorkRequest): Promise<Answers['work']> {
  const book = new Ledger(request.ids, request.wanted, request.times)
  ledger = book
  worker = await system.startWorker({
    concurrency: request.concurrency,
    queues: request.queues,
    perform: request.waitMs === 0 ? performNothing(book) : performWait(book, request.waitMs),
  })
  return { rssBytes: process.memoryUsage.rss() }
}

function performNothing(book: Ledger) {
  return (id: number): undefined => {
    book.began(id)
    book.hasEnded()
  }
}

function performWait(book: Ledger, waitMs: number) {
  return async (id: number): Promise<void> => {
    book.began(id)
    await sleep(waitMs)
    book.hasEnded()
  }
}

async function answer(system: OpenSystem, request: Request): Promise<unknown> {
  switch (request.ask) {
    case 'enqueue':
      return enqueue(system, request)
    case 'enqueueMany':
      return enqueueMany(system, request)
    case 'drip':
      return drip(system, request.jobs, request.pauseMs)
    case 'work':
      return work(system, request)
    case 'reached':
      await ledger.reached
      return {}
    case 'count':
      return { ended: ledger.ended }
    case 'readings':
      ledger.readings()
      return {}
    case 'stop':
      await worker?.stop()
      worker = null
      return ledger.report()
  }
}

const [file, address] = process.argv.slice(2) as [string, string]
const beforeMs = performance.now()
const { open } = (await import(file)) as { open: Opener }
const system = await open(address)
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)
say({ loadMs: performance.now() - beforeMs })
for await (const line of createInterface({ input: process.stdin })) {
  say(await answer(system, JSON.parse(line) as Request))
}
await system.close()
process.exit(0)
