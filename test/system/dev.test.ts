import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, connect, defineJob } from '../../src/index.ts'
import { eventually } from './redis-fixture.ts'
import { isAlive } from './scene.ts'

const CAPSTAN = join(import.meta.dirname, '../../bin/capstan.cjs')
const DEADLINE = { timeout: 60_000 }
const CONFIG = `export default { store: { sqlite: 'jobs.db' }, poll: '200ms' }\n`

/** A job whose lines tell which edition of its file ran. */
const source = (edition: string) => `
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineJob } from 'capstan'

export const probe = defineJob({
  name: 'Probe',
  async run([diary, ms]: [diary: string, ms: number]) {
    appendFileSync(diary, 'begins ${edition}\\n')
    await sleep(ms)
    appendFileSync(diary, 'ends ${edition}\\n')
  },
})
`
const probe = defineJob({ name: 'Probe', run(_args: [diary: string, ms: number]) {} })

const started: DevProcess[] = []

/** A real `capstan dev`, leading a process group as under a terminal. */
class DevProcess {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  readonly lines: Array<Readonly<Record<string, unknown>>> = []

  constructor(directory: string, words: readonly string[] = ['dev']) {
    this.child = spawn(process.execPath, ['--conditions=capstan-source', CAPSTAN, ...words], {
      cwd: directory,
      env: { ...process.env, REDIS_URL: '' },
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    started.push(this)
    this.exited = once(this.child, 'exit').then(([code]) => code)
    createInterface({ input: this.child.stderr! }).on('line', (text) => {
      this.lines.push(text.startsWith('{') ? JSON.parse(text) : { msg: text })
    })
  }

  /** Waits until it, or a worker of it, has said so `times` times. */
  said(message: RegExp, times = 1): Promise<void> {
    return eventually(() => {
      const found = this.lines.filter(({ msg }) => message.test(String(msg)))
      assert.ok(found.length >= times, JSON.stringify(this.lines))
    })
  }

  /** Of the workers that it has started. */
  workers(): number[] {
    return this.lines.filter(({ msg }) => msg === 'worker running').map(({ pid }) => pid as number)
  }

  /** Leaves nothing behind, whatever state a test left it in. */
  async end(): Promise<void> {
    this.child.kill('SIGTERM')
    await Promise.race([this.exited, sleep(5_000, undefined, { ref: false })])
    this.child.kill('SIGKILL')
    for (const pid of this.workers()) if (await isAlive(pid)) process.kill(pid, 'SIGKILL')
  }

  /** What Ctrl-C in a terminal does: the signal goes to the whole group. */
  interrupt(): void {
    process.kill(-this.child.pid!, 'SIGINT')
  }
}

let directory: string
let diary: string
let connection: Connection
let dev: DevProcess

const edit = (text: string) => writeFile(join(directory, 'jobs/probe.ts'), text)
const lines = async () =>
  (await readFile(diary, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
const written = (line: string) => eventually(async () => assert.ok((await lines()).includes(line), line))

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'capstan-dev-'))
  diary = join(directory, 'diary')
  await mkdir(join(directory, 'jobs'))
  await writeFile(join(directory, 'capstan.config.ts'), CONFIG)
  await edit(source('one'))
  connection = await connect({ directory })
  dev = new DevProcess(directory)
  await dev.said(/^ready$/)
})

afterEach(async () => {
  for (const each of started.splice(0)) await each.end()
  await connection.close()
  await rm(directory, { recursive: true })
})

/** It ends well, and with it all its workers. */
async function assertEnded(): Promise<void> {
  assert.equal(await dev.exited, 0)
  for (const pid of dev.workers()) assert.equal(await isAlive(pid), false, `worker ${pid} lives on`)
}

test('a change starts the worker again with the new code, after what runs has ended', DEADLINE, async () => {
  await probe.enqueue(diary, 1_000)
  await written('begins one')
  await edit(source('two'))
  await dev.said(/^ready$/, 2)
  assert.deepEqual(await lines(), ['begins one', 'ends one'])
  await probe.enqueue(diary, 0)
  await written('ends two')
  assert.equal(new Set(dev.workers()).size, 2)
  dev.interrupt()
  await assertEnded()
})

test('each job that is done is a line, which a worker without dev does not write', DEADLINE, async () => {
  await probe.enqueue(diary, 30)
  await dev.said(/^job done$/)
  const { class: name, jid, elapsedMs } = dev.lines.find(({ msg }) => msg === 'job done')!
  assert.deepEqual([name, typeof jid], ['Probe', 'string'])
  assert.ok(Number(elapsedMs) >= 29, String(elapsedMs))
  dev.interrupt()
  await assertEnded()
  const work = new DevProcess(directory, ['work', '-c', '1'])
  await work.said(/^ready$/)
  await probe.enqueue(diary, 0)
  await probe.enqueue(directory, 0)
  await work.said(/^job failed$/)
  assert.equal((await lines()).filter((line) => line === 'ends one').length, 2)
  assert.doesNotMatch(JSON.stringify(work.lines), /done/)
})

test(
  'a file that cannot be loaded is reported, and the next change starts the worker again',
  DEADLINE,
  async () => {
    await edit('export const probe = defineJob({ name: ')
    await dev.said(/probe\.ts cannot be loaded/)
    await dev.said(/^the worker ended; waiting for a change$/)
    await edit(source('three'))
    await dev.said(/^ready$/, 2)
    await probe.enqueue(diary, 0)
    await written('ends three')
    dev.interrupt()
    await assertEnded()
  },
)

test('Ctrl-C lets a running job end, and leaves no process behind', DEADLINE, async () => {
  await probe.enqueue(diary, 1_500)
  await written('begins one')
  dev.interrupt()
  await assertEnded()
  assert.deepEqual(await lines(), ['begins one', 'ends one'])
})

test('Ctrl-C twice does not wait for a running job', DEADLINE, async () => {
  await probe.enqueue(diary, 3_600_000)
  await written('begins one')
  dev.interrupt()
  await dev.said(/^worker draining$/)
  dev.interrupt()
  await assertEnded()
  assert.equal((await connection.store.stats(Date.now(), 1)).enqueued, 1)
})

test('Ctrl-C ends the waiting for a change', DEADLINE, async () => {
  await edit('export const probe = defineJob({ name: ')
  await dev.said(/^the worker ended; waiting for a change$/)
  dev.interrupt()
  await assertEnded()
})

test('Ctrl-C while the worker drains for a change starts no other', DEADLINE, async () => {
  await probe.enqueue(diary, 1_500)
  await written('begins one')
  await edit(source('four'))
  await dev.said(/^worker draining$/)
  dev.interrupt()
  await assertEnded()
  assert.equal(dev.workers().length, 1)
  assert.deepEqual(await lines(), ['begins one', 'ends one'])
})

test('TERM and the end of its terminal end it as Ctrl-C does', DEADLINE, async () => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    const other = new DevProcess(directory)
    await other.said(/^ready$/)
    process.kill(other.child.pid!, signal)
    assert.equal(await other.exited, 0)
    for (const pid of other.workers()) assert.equal(await isAlive(pid), false, `${signal}: ${pid} lives on`)
  }
})

test('the configuration that was named is that of its workers', DEADLINE, async () => {
  const named = join(directory, 'other.config.ts')
  await writeFile(named, CONFIG.replace("poll: '200ms'", "tag: 'the-other'"))
  const other = new DevProcess(directory, ['--config', named, 'dev'])
  await other.said(/^ready$/)
  const tags = (await connection.store.workers()).map(({ info }) => info.tag)
  assert.ok(tags.includes('the-other'), tags.join(' '))
  process.kill(other.child.pid!, 'SIGTERM')
  assert.equal(await other.exited, 0)
})

test('when it is killed, its worker lets the running job end, and ends itself', DEADLINE, async () => {
  await probe.enqueue(diary, 1_500)
  await written('begins one')
  process.kill(dev.child.pid!, 'SIGKILL')
  await dev.said(/^the process that started this worker is gone; it stops$/)
  const [worker] = dev.workers()
  await eventually(async () => assert.equal(await isAlive(worker!), false))
  assert.deepEqual(await lines(), ['begins one', 'ends one'])
  assert.deepEqual(await connection.store.workers(), [])
})
