import { type Bench, endPair, type Pair, startPair } from './bench.ts'
import { measureEnqueue } from './measures/enqueue.ts'
import { measureGrowth } from './measures/growth.ts'
import { measureIdle } from './measures/idle.ts'
import { measureMemory, warm } from './measures/memory.ts'
import { measurePickUp } from './measures/pick-up.ts'
import { measureProcesses } from './measures/processes.ts'
import { measureProcessing, SETTINGS } from './measures/processing.ts'
import { measureRedisBenchmark } from './measures/redis-benchmark.ts'
import { buildApplication, measureOwnStartUp, measurePeerStartUp } from './measures/start-up.ts'
import { RPOP, type Subject } from './subjects.ts'

const MINUTE_MS = 60_000

/**
 * Measures all subjects in turn, so that what else the machine does falls on all of them.
 *
 * @returns how many rounds there was time for
 */
export async function measureAll(bench: Bench): Promise<number> {
  const startedMs = performance.now()
  bench.say('idle workers')
  await measureIdle(bench)
  const pairs: Pair[] = []
  try {
    for (const subject of bench.subjects) pairs.push(await startPair(subject))
    await measureApart(bench, pairs)
    return await measureRounds(bench, pairs, startedMs + bench.plan.mostMinutes * MINUTE_MS)
  } finally {
    await Promise.all(pairs.map(endPair))
  }
}

/** What is measured once or a few times, and warms the processes up for the rounds. */
async function measureApart(bench: Bench, pairs: readonly Pair[]): Promise<void> {
  const { plan, servers, say } = bench
  say('memory')
  for (const pair of pairs) {
    const measure = isSystem(pair.subject) ? measureMemory : warm
    await guarded(bench, pair.subject, () => measure(bench, pair))
  }
  const application = await buildApplication(servers.directory)
  for (let round = 1; round <= plan.apartRounds; round++) {
    say(`${round} of ${plan.apartRounds}: start-up, growth, several processes`)
    await measureOwnStartUp(bench, application)
    await measureGrowth(bench, pairs[0]!)
    for (const pair of pairs) {
      const { subject } = pair
      if (subject.kind === 'peer') await guarded(bench, subject, () => measurePeerStartUp(bench, subject))
      // What several processes cost each other on this machine the plainest of them shows.
      if (isSystem(subject) || subject.name === RPOP) {
        await guarded(bench, subject, () => measureProcesses(bench, pair))
      }
    }
  }
}

const isSystem = ({ kind, isVariant }: Subject): boolean => kind !== 'limit' && !isVariant

async function measureRounds(bench: Bench, pairs: readonly Pair[], endMs: number): Promise<number> {
  const { plan, say } = bench
  const each = async (measure: (pair: Pair) => Promise<void>) => {
    for (const pair of pairs) await guarded(bench, pair.subject, () => measure(pair))
  }
  for (let round = 1; round <= plan.rounds; round++) {
    const beganMs = performance.now()
    say(`round ${round} of ${plan.rounds}: enqueuing`)
    await each((pair) => measureEnqueue(bench, pair))
    for (const setting of SETTINGS) {
      say(`round ${round} of ${plan.rounds}: processing, ${setting.name}`)
      await each((pair) => measureProcessing(bench, pair, setting))
    }
    say(`round ${round} of ${plan.rounds}: pick-up`)
    await each((pair) => measurePickUp(bench, pair))
    await measureRedisBenchmark(bench)
    const endedMs = performance.now()
    if (endedMs + (endedMs - beganMs) > endMs) return round
  }
  return plan.rounds
}

/** What fails in a peer is written down and costs only its own figures. What fails in Capstan ends the run. */
async function guarded(bench: Bench, subject: Subject, measure: () => Promise<void>): Promise<void> {
  try {
    await measure()
  } catch (error) {
    if (subject.kind === 'capstan') throw error
    const { message } = error as Error
    bench.say(message)
    bench.remarks.push(message.split('\n')[0]!)
    await subject.server?.clear()
  }
}
