import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Bench } from '../bench.ts'
import { Child } from '../child-process.ts'
import type { Subject } from '../subjects.ts'
import { QUEUE } from '../system.ts'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')

/** Builds the package as users install it, and an application of one job beside it. Returns the application's folder. */
export async function buildApplication(directory: string): Promise<string> {
  const installed = join(directory, 'application/node_modules/capstan')
  await mkdir(installed, { recursive: true })
  await run(
    join(ROOT, 'node_modules/.bin/tsc'),
    ['-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')],
    {
      cwd: ROOT,
    },
  )
  const { files } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { files: string[] }
  for (const file of ['package.json', ...files.filter((each) => each.startsWith('bin/'))])
    await cp(join(ROOT, file), join(installed, file))
  await symlink(join(ROOT, 'node_modules'), join(installed, 'node_modules'))
  const application = join(directory, 'application')
  await mkdir(join(application, 'jobs'))
  await writeFile(join(application, 'package.json'), '{"type":"module"}')
  const job =
    "import { defineJob } from 'capstan'\nexport const noop = defineJob({ name: 'Noop', run() {} })\n"
  await writeFile(join(application, 'jobs/noop.js'), job)
  return application
}

/** From the start of `capstan work` to its line that says it is ready. */
export async function measureOwnStartUp({ samples, servers }: Bench, application: string): Promise<void> {
  const addresses = { 'Capstan, Redis': `unix://${servers.redis.address}`, 'Capstan, SQLite FULL': '' }
  for (const [subject, REDIS_URL] of Object.entries(addresses)) {
    const sinceMs = performance.now()
    const command = join(application, 'node_modules/capstan/bin/capstan.cjs')
    const child = spawn(process.execPath, [command, 'work'], {
      cwd: application,
      env: { ...process.env, REDIS_URL },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const exited = once(child, 'exit')
    const said: string[] = []
    for await (const line of createInterface({ input: child.stderr! })) {
      said.push(line)
      if (!line.includes('"ready"')) continue
      samples.add({ measure: 'start-up', unit: 'ms', subject, value: performance.now() - sinceMs })
      child.kill('SIGTERM')
    }
    await exited
    if (!said.some((line) => line.includes('"ready"'))) throw new Error(`capstan work: ${said.join('\n')}`)
  }
}

/**
 * A bare Node, and then what the peer needs to load, connect and have a worker ready: the least that a program that
 * uses it takes. For Sidekiq the time is of Ruby's start to the launched worker.
 */
export async function measurePeerStartUp({ samples }: Bench, subject: Subject): Promise<void> {
  const bareMs = await nodeStartMs()
  const sinceMs = performance.now()
  const [child, { loadMs }] = await Child.start(subject.name, subject.argv)
  const connectedMs = performance.now()
  const request = { concurrency: 10, queues: [QUEUE], ids: 1, wanted: 1, waitMs: 0, times: false }
  await child.ask({ ask: 'work', ...request })
  const readyMs = performance.now()
  await child.ask({ ask: 'stop' })
  await child.end()
  const isNode = subject.argv[0] === process.execPath
  const value = isNode ? bareMs + loadMs + readyMs - connectedMs : readyMs - sinceMs
  samples.add({ measure: 'start-up', unit: 'ms', subject: subject.name, value })
}

async function nodeStartMs(): Promise<number> {
  const sinceMs = performance.now()
  await run(process.execPath, ['-e', '0'])
  return performance.now() - sinceMs
}
