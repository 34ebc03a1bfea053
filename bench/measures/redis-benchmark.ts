import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Bench } from '../bench.ts'

const run = promisify(execFile)
const JOBS = 200_000
const PAYLOAD = 'x'.repeat(250)
export const REDIS_BENCHMARK = 'limit: redis-benchmark'

/** What Redis itself can put into a list and move to another, by its own tool: one connection, 64 commands in flight. */
export async function measureRedisBenchmark({ servers, samples }: Bench): Promise<void> {
  const { redis } = servers
  const add = (measure: string, unit: string, value: number) =>
    samples.add({ measure, unit, subject: REDIS_BENCHMARK, value })
  const rateOf = async (...command: string[]): Promise<number> => {
    const words = ['-s', redis.address, '-c', '1', '-P', '64', '-n', String(JOBS), '--csv', ...command]
    const { stdout } = await run('redis-benchmark', words)
    // A head, then the command in quotes and its rate.
    return Number(/^"[^"]*","([0-9.]+)"/m.exec(stdout.split('\n').slice(1).join('\n'))?.[1])
  }
  add('enqueue, 100 in flight', 'jobs/s', await rateOf('LPUSH', 'from', PAYLOAD))
  const before = await redis.read()
  add('process, C=100', 'jobs/s', await rateOf('LMOVE', 'from', 'to', 'RIGHT', 'LEFT'))
  const after = await redis.read()
  add('server CPU, C=100', 'µs/job', (after.cpuUs - before.cpuUs) / JOBS)
  await redis.clear()
}
