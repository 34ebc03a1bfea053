// Enqueues as the environment says; see lanes.ts.
import { connect } from 'capstan'
import { fault } from './jobs/jobs.ts'
import { enqueueInLanes } from './lanes.ts'

const connection = await connect({ directory: import.meta.dirname })
await enqueueInLanes((args) => fault.enqueue(...args))
await connection.close()
