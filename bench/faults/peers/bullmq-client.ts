// Enqueues as the environment says; see app/lanes.ts.
import { enqueueInLanes } from '../app/lanes.ts'
import { connectionOf, findBullmq } from './load-bullmq.ts'

const { Queue } = findBullmq()!.load()
const queue = new Queue('default', { connection: connectionOf(process.env.REDIS_URL!) })
queue.on('error', ({ message }) => console.error(message))
await enqueueInLanes((args) => queue.add('FaultJob', { args }))
await queue.close()
