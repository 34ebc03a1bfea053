import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { StoreError } from '../../src/kernel/errors.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { openSqliteStore } from '../../src/store/sqlite/index.ts'

const JOBS = 3_000
const AT_ONCE = 30
const TIMEOUT = { timeout: 60_000 }
const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }
const root = mkdtempSync(join(tmpdir(), 'capstan-processes-'))
after(() => rmSync(root, { recursive: true }))

interface Got {
  readonly got: string
  readonly at: number
}

/** A claiming process, in its first wait. Every job it gets is reported to `heard`. */
async function startClaimer(path: string, heard: (got: Got) => void): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'sqlite-child.ts'), ['claim', path, '1'])
  child.on('message', (message) => {
    if (message !== 'waiting') heard(message as Got)
  })
  await once(child, 'message')
  return child
}

/** Resolves when the claimer, having got a job, waits again. */
function waitsAgain(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const listen = (message: unknown) => {
      if (message !== 'waiting') return
      child.off('message', listen)
      resolve()
    }
    child.on('message', listen)
  })
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.send('stop')
  assert.deepEqual(await gone, [0, null])
}

const jobOf = (jid: string) => ({ queue: 'a', payload: JSON.stringify({ jid }), at: null })

describe('several processes on one SQLite file', () => {
  test('two that claim never get the same job, and get them all', TIMEOUT, async () => {
    const path = join(root, 'two.sqlite')
    const store = await openSqliteStore(runtime, { path, durability: 'process-crash' })
    const taken: Record<string, string[]> = { first: [], second: [] }
    const all = new EventTarget()
    const hear = (who: string) => (message: Got) => {
      taken[who]?.push(message.got)
      if (taken.first!.length + taken.second!.length >= JOBS) all.dispatchEvent(new Event('taken'))
    }
    const allTaken = new Promise((resolve) => all.addEventListener('taken', resolve))
    const children = [await startClaimer(path, hear('first')), await startClaimer(path, hear('second'))]
    const jids = Array.from({ length: JOBS }, (_, index) => `j${index}`)
    for (let from = 0; from < JOBS; from += AT_ONCE) {
      const jobs = jids.slice(from, from + AT_ONCE).map(jobOf)
      await store.push({ token: `t${from}`, now: Date.now(), jobs })
      await new Promise((resolve) => setImmediate(resolve))
    }
    await allTaken
    await Promise.all(children.map(stop))
    assert.deepEqual([...taken.first!, ...taken.second!].toSorted(), jids.toSorted())
    assert.ok(taken.first!.length > 0 && taken.second!.length > 0, 'one of them did all the work')
    await store.close()
  })

  test(
    'a push of one process wakes a wait in another long before it would look by itself',
    TIMEOUT,
    async () => {
      const path = join(root, 'wake.sqlite')
      const store = await openSqliteStore(runtime, { path, durability: 'process-crash' })
      let hear = (_: Got) => {}
      const child = await startClaimer(path, (message) => hear(message))
      const latencies: number[] = []
      for (let round = 0; round < 20; round++) {
        const waiting = waitsAgain(child)
        const pushedAt = Date.now()
        hear = ({ at }) => latencies.push(at - pushedAt)
        await store.push({ token: `t${round}`, now: pushedAt, jobs: [jobOf(`j${round}`)] })
        await waiting
      }
      await stop(child)
      await store.close()
      const median = latencies.toSorted((a, b) => a - b)[10]!
      assert.ok(median <= 50, `median pick-up of ${median} ms`)
    },
  )

  test(
    'a file that stays locked is store.not_stored after five seconds, and the event loop turns meanwhile',
    TIMEOUT,
    async () => {
      const path = join(root, 'locked.sqlite')
      const store = await openSqliteStore(runtime, { path })
      const holder = new DatabaseSync(path)
      holder.exec('BEGIN IMMEDIATE')
      let turns = 0
      const turning = setInterval(() => {
        turns += 1
      }, 1)
      const began = performance.now()
      await assert.rejects(
        store.push({ token: 't', now: Date.now(), jobs: [jobOf('j')] }),
        (error: unknown) =>
          error instanceof StoreError && error.code === 'store.not_stored' && error.retryable,
      )
      clearInterval(turning)
      assert.ok(performance.now() - began >= 4_900, 'gave up early')
      assert.ok(turns > 50, `the event loop turned ${turns} times`)
      holder.exec('ROLLBACK')
      await store.push({ token: 't', now: Date.now(), jobs: [jobOf('j')] })
      assert.equal((await store.queues(0))[0]?.size, 1)
      holder.close()
      await store.close()
    },
  )
})
