import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, describe, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { type Random, seededRandom, systemRandom } from '../../src/kernel/random.ts'
import { openSqliteStore } from '../../src/store/sqlite/index.ts'

const KILLS = 12
const COPIES = 6
const MOST_ROUNDS = 40
const TIMEOUT = { timeout: 60_000 }
const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }
const root = mkdtempSync(join(tmpdir(), 'capstan-crash-'))
after(() => rmSync(root, { recursive: true }))

const start = (path: string, seed: number) =>
  fork(join(import.meta.dirname, 'sqlite-child.ts'), ['live', path, String(seed), `${path}.diary`])

/** Lets the child work for a random number of rounds and a random part of the next. */
async function letLive(child: ChildProcess, random: Random): Promise<void> {
  const rounds = 1 + Math.floor(random.float() * MOST_ROUNDS)
  for (let round = 0; round < rounds; round++) await once(child, 'message')
  const until = performance.now() + random.float() * 3
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve))
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** What the processes were promised: all that was accepted, and what of it they had begun to finish. */
function readDiary(path: string) {
  const lines = readFileSync(`${path}.diary`, 'utf8').split('\n')
  const idsAfter = (word: string) =>
    lines.filter((line) => line.startsWith(word)).flatMap((line) => line.split(' ').slice(1))
  return { accepted: idsAfter('pushed '), finishing: new Set(idsAfter('finishing ')) }
}

/** Opens the file as a worker would, then looks into it with plain SQL. */
async function assertSound(path: string): Promise<void> {
  const store = await openSqliteStore(runtime, { path, durability: 'process-crash' })
  await store.queues(0)
  await store.close()
  const database = new DatabaseSync(path, { readOnly: true })
  const all = (sql: string) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  assert.deepEqual(all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }])
  const places = 'SELECT job FROM waiting UNION ALL SELECT job FROM in_flight UNION ALL SELECT job FROM sets'
  assert.deepEqual(all(`SELECT job, count(*) AS places FROM (${places}) GROUP BY job HAVING places <> 1`), [])
  assert.deepEqual(all(`SELECT number FROM jobs EXCEPT SELECT * FROM (${places})`), [])
  assert.deepEqual(all(`SELECT * FROM (${places}) EXCEPT SELECT number FROM jobs`), [])
  const miscounted =
    'SELECT name FROM queues WHERE size <> (SELECT count(*) FROM waiting WHERE queue = queues.id)'
  assert.deepEqual(all(miscounted), [])
  for (const set of ['schedule', 'retry', 'dead']) {
    const difference = `SELECT ${set} - (SELECT count(*) FROM sets WHERE name = '${set}') AS difference FROM counters`
    assert.deepEqual(all(difference), [{ difference: 0 }], set)
  }
  const stored = all('SELECT payload FROM jobs').map(
    ({ payload }) => JSON.parse(String(payload)).jid as string,
  )
  database.close()
  assertPromises(path, stored)
}

function assertPromises(path: string, stored: readonly string[]): void {
  const { accepted, finishing } = readDiary(path)
  const present = new Set(stored)
  assert.equal(present.size, stored.length, 'a job is there twice')
  assert.deepEqual(
    accepted.filter((id) => !present.has(id) && !finishing.has(id)),
    [],
    'jobs are lost',
  )
}

describe('a SQLite store whose process is killed', () => {
  const path = join(root, 'killed.sqlite')
  for (let seed = 1; seed <= KILLS; seed++) {
    test(`opens clean with every job in one place (seed ${seed})`, TIMEOUT, async () => {
      const child = start(path, seed)
      await letLive(child, seededRandom(seed))
      await kill(child)
      await assertSound(path)
    })
  }
})

describe('a copy of the file and its WAL, taken at a random moment', () => {
  for (let seed = 101; seed <= 100 + COPIES; seed++) {
    test(`opens clean with every job in one place (seed ${seed})`, TIMEOUT, async () => {
      const folder = join(root, String(seed))
      mkdirSync(folder)
      const [path, copy] = [join(folder, 'jobs.sqlite'), join(folder, 'copy.sqlite')]
      const child = start(path, seed)
      await letLive(child, seededRandom(seed))
      // Stopped, so that file, WAL and diary are of one moment.
      child.kill('SIGSTOP')
      for (const part of ['', '-wal', '.diary'])
        if (existsSync(path + part)) copyFileSync(path + part, copy + part)
      await kill(child)
      await assertSound(copy)
    })
  }
})
