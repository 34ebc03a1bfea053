import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { noted } from './fixtures/worker/jobs/noted.ts'
import {
  blocking,
  exitThread,
  lateParent,
  loopForEver,
  threadParent,
} from './fixtures/worker/jobs/stubborn-work.ts'
import { eventually } from './redis-fixture.ts'
import { Scene, STORES } from './scene.ts'

const DEADLINE = { timeout: 100_000 }

const ids = async (scene: Scene) => (await scene.lines()).map((line) => line.split(' ')[0]!)
/** Waits until a process leaves the processor alone: its user and system time, in hundredths of a second. */
const atRest = (pid: number) =>
  eventually(async () => {
    const before = await usedTicks(pid)
    await sleep(500)
    const used = (await usedTicks(pid)) - before
    assert.ok(used < 10, `${used} of 50 ticks`)
  })

async function usedTicks(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

const dead = async ({ connection }: Scene) =>
  (await connection.store.list({ set: 'dead' }, { offset: 0, limit: 10 })).map(({ payload }) =>
    JSON.parse(payload),
  )

test(
  'a loop in a thread is ended at its timeout, and jobs and heartbeats go on beside it',
  DEADLINE,
  async (t) => {
    const scene = await Scene.open(STORES.at(-1)!)
    t.after(() => scene.close())
    const { store } = scene.connection
    const worker = scene.work()
    await loopForEver.enqueue(scene.diary)
    await scene.written('loop begins in a thread')
    const beatAt = async () => (await store.workers())[0]!.beatAt
    const before = await beatAt()
    for (let number = 1; number <= 20; number++) {
      await noted.enqueue(scene.diary, `beside-${number}`, 0)
      await eventually(async () => assert.ok((await ids(scene)).includes(`beside-${number}`)))
    }
    await eventually(async () => assert.ok((await beatAt()) > before, 'no beat since the loop began'))
    assert.deepEqual(await dead(scene), [], 'the loop was to outlast all this')
    await eventually(async () => assert.equal((await dead(scene)).length, 1))
    const [loop] = await dead(scene)
    assert.equal(loop.class, 'LoopForEver')
    assert.match(loop.error_message, /ran longer than 6000 ms; its thread was ended/)
    assert.equal((await scene.lines()).filter((line) => line.startsWith('loop begins')).length, 1)
    await atRest(worker.child.pid!)
    await atRest(worker.child.pid!)
    assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  },
)

test(
  'a job that ends its thread takes no neighbour along, and is put away after its third crash',
  DEADLINE,
  async (t) => {
    const scene = await Scene.open('sqlite')
    t.after(() => scene.close())
    const worker = scene.work()
    await noted.enqueue(scene.diary, 'neighbour', 4_000)
    await exitThread.enqueue(scene.diary)
    await eventually(async () => assert.equal((await dead(scene)).length, 1))
    const [job] = await dead(scene)
    assert.deepEqual([job.class, job.error_class], ['ExitThread', 'ProcessDied'])
    assert.match(job.error_message, /its process died \d times.*exit code 3/)
    const exits = (await scene.lines()).filter((line) => line.startsWith('exit from'))
    assert.equal(exits[0], `exit from a thread ${worker.child.pid}`)
    assert.ok(exits.length <= 3, exits.join('\n'))
    await eventually(async () => assert.ok((await ids(scene)).includes('neighbour')))
    assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
  },
)

for (const kind of STORES) {
  test(
    `on ${kind}, jobs in a thread and suspects in a process of their own enqueue other jobs`,
    DEADLINE,
    async (t) => {
      const scene = await Scene.open(kind)
      t.after(() => scene.close())
      const dying = scene.work()
      await lateParent.enqueue(scene.diary, 'from-a-suspect')
      await scene.written('late parent waits')
      await dying.end('SIGKILL')
      const worker = scene.work()
      await threadParent.enqueue(scene.diary, 'from-a-thread')
      await eventually(async () => {
        const found = await ids(scene)
        assert.ok(found.includes('from-a-suspect') && found.includes('from-a-thread'), found.join(' '))
      })
      await scene.drained()
      const place = (await scene.lines()).find((line) => line.startsWith('late parent in'))
      assert.notEqual(place, `late parent in ${worker.child.pid}`)
      assert.deepEqual(await worker.end('SIGTERM'), { code: 0, signal: null })
    },
  )
}

test('while a job blocks the event loop, a line of the log names its function', DEADLINE, async (t) => {
  const scene = await Scene.open('sqlite')
  t.after(() => scene.close())
  const worker = scene.work()
  await worker.said('ready')
  await blocking.enqueue(scene.diary, 3_000)
  const seen = await eventually(async () => {
    const line = worker.lines.find(({ msg }) => msg === 'the event loop is blocked')
    assert.ok(line)
    return { stack: String(line.stack), diary: await scene.lines() }
  })
  assert.match(seen.stack, /crunchNumbers \(.*stubborn-work\.ts:\d+:\d+\)/)
  assert.deepEqual(seen.diary, ['blocking begins'], 'the line came only afterwards')
  const later = await worker.said('the event loop was blocked')
  assert.match(String(later.stack), /crunchNumbers/)
  await scene.written('blocking ends')
})
