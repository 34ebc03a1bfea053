import { loadJobs } from '../config/load-jobs.ts'
import { Executor } from '../worker/executor.ts'
import { cellChannel } from '../worker/isolation/cell-channel.ts'
import { serve } from '../worker/isolation/serve.ts'
import { offerOwnPackage } from './own-package.ts'
import { newSession } from './session.ts'

// The program of a cell: a process or thread that a worker starts for a job that must not share its own.

offerOwnPackage()
const [file] = process.argv.slice(3)
const session = newSession(file === undefined ? {} : { config: file }, 'info')
const { config, directory } = await session.config()
const [registry] = await Promise.all([loadJobs(directory, config.jobs), session.store()])
const executor = new Executor(session.runtime, { registry, middleware: config.workerMiddleware ?? [] })
serve(session.runtime, cellChannel(process), (job) => executor.execute(job))
