import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Bench } from '../bench.ts'

const run = promisify(execFile)
const JOBS = 200_000
const PAYLOAD = 'x'.repeat(250)
export const LMOVE = 'limit: LMOVE, 64 in flight'

/** What Redis itself can move from list to list, measured by its own tool: one connection, 64 commands in flight. */
export async function measureLmove({ servers, samples }: Bench): Promise<void> {
  const { redis } = servers
  const benchmark = ['-s', redis.address, '-c', '1', '-P', '64', '-n', String(JOBS), '--csv']
  await run('redis-benchmark', [...benchmark, 'LPUSH', 'from', PAYLOAD])
  const before = await redis.read()
  const { stdout } = await run('redis-benchmark', [...benchmark, 'LMOVE', 'from', 'to', 'RIGHT', 'LEFT'])
  const after = await redis.read()
  await redis.clear()
  const value = Number(/^"[^"]*","([0-9.]+)"/m.exec(stdout.split('\n').slice(1).join('\n'))?.[1])
  samples.add({ measure: 'process, C=100', unit: 'jobs/s', subject: LMOVE, value })
  const cpu = (after.cpuUs - before.cpuUs) / JOBS
  samples.add({ measure: 'server CPU, C=100', unit: 'µs/job', subject: LMOVE, value: cpu })
}
