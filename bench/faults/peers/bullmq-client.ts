// Enqueues as the environment says; see app/lanes.ts.
import { enqueueInLanes } from '../app/lanes.ts'
import { connectionOf, loadBullmq } from './load-bullmq.ts'

const { Queue } = loadBullmq()
const queue = new Queue('default', { connection: connectionOf(process.env.REDIS_URL!) })
queue.on('error', ({ message }) => console.error(message))
await enqueueInLanes((args) => queue.add('FaultJob', { args }))
await queue.close()
