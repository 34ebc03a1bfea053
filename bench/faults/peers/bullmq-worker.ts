// A worker with BullMQ's defaults. It has no time limit for stopping of its own, so it gets the usual one here.
import { setTimeout as sleep } from 'node:timers/promises'
import { liveThrough } from '../app/diary-line.ts'
import { connectionOf, loadBullmq } from './load-bullmq.ts'

const { REDIS_URL, CONCURRENCY, STOP_TIMEOUT_S } = process.env
const { Worker } = loadBullmq()
const worker = new Worker('default', ({ data }) => liveThrough(...data.args), {
  connection: connectionOf(REDIS_URL!),
  concurrency: Number(CONCURRENCY),
})
worker.on('error', ({ message }) => console.error(message))
process.on('SIGTERM', () => {
  void Promise.race([worker.close(), sleep(Number(STOP_TIMEOUT_S) * 1_000)]).then(() => process.exit(0))
})
