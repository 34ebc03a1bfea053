import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { CapstanConfig } from '../config/config.ts'
import { connect } from '../config/connect.ts'
import { silentLogger } from '../kernel/logger.ts'
import { systemRuntime } from '../kernel/runtime.ts'
import { enqueue } from './enqueue.ts'
import type { Session } from './session.ts'

const DEFINE_JOB = new URL('../client/define-job.ts', import.meta.url).href
const JOB = `import { defineJob } from ${JSON.stringify(DEFINE_JOB)}
export const greet = defineJob({ name: 'Greet', run() {} })
`

describe('enqueue', () => {
  let directory: string
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'capstan-enqueue-'))
    await writeFile(join(directory, 'greet.ts'), JOB)
  })
  after(() => rm(directory, { recursive: true }))

  /** What is said beside the answer. */
  async function warnings(config: CapstanConfig, queue: string): Promise<string[]> {
    const said: string[] = []
    const store = { sqlite: join(directory, 'jobs.db') }
    await using connection = await connect({ config: { store } })
    const session: Session = {
      runtime: systemRuntime({ ...silentLogger, warn: (message) => said.push(message) }),
      options: {},
      config: async () => ({ config: { ...config, jobs: '*.ts' }, file: null, directory }),
      store: async () => connection.store,
      close: async () => {},
    }
    assert.ok(await enqueue(session, 'Greet', { words: [], flags: { queue } }))
    return said
  }

  test('warns of a queue (--queue) that no worker of the configuration takes, and enqueues all the same', async () => {
    assert.deepEqual(await warnings({ queues: ['default', 'mail'] }, 'mial'), [
      'no worker of this configuration takes queue "mial" (did you mean "mail"?); if it is right, another must: ' +
        'capstan work --queue mial',
    ])
    const capsules = { one: { queues: ['single'], concurrency: 1 } }
    assert.match((await warnings({ capsules }, 'nosuch'))[0]!, /\(known are default, single\)/)
  })

  test('a delay that cannot be opens no store', async () => {
    const session: Session = {
      runtime: systemRuntime(silentLogger),
      options: {},
      config: async () => ({ config: { jobs: '*.ts' }, file: null, directory }),
      store: () => assert.fail('the store was opened'),
      close: async () => {},
    }
    const given = { words: [], flags: { in: 'nonsense' } }
    await assert.rejects(enqueue(session, 'Greet', given), { code: 'options.duration' })
  })

  test('says nothing of a queue that is taken, nor where the configuration names no queues', async () => {
    assert.deepEqual(await warnings({ queues: ['default', 'mail'] }, 'mail'), [])
    assert.deepEqual(await warnings({}, 'nosuch'), [])
  })
})
