import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from '../../../src/store/sqlite/index.ts'
import { readLedger } from '../diary.ts'
import { type Fault, needsFile } from '../fault.ts'
import type { Scene } from '../scene.ts'
import { capstanRuntime, idOf } from '../systems/capstan.ts'
import { STEADY_LOAD } from './steady-load.ts'

const COPIES = { full: 40, quick: 10 }

/** The file and its log as they are at random moments, with every process stopped between two system calls. */
export const powerLoss: Fault = {
  name: 'power-loss',
  title: (isQuick) => `file and WAL as they are at ${isQuick ? COPIES.quick : COPIES.full} random moments`,
  inapplicable: needsFile,
  async run(scene) {
    const client = scene.startClient(STEADY_LOAD)
    const worker = scene.keepWorker()
    const broken: string[] = []
    await scene.nextBegin()
    const copies = scene.times(COPIES.full, COPIES.quick)
    for (let number = 0; number < copies; number++) {
      await scene.pause(5, 250)
      const programs = [client, worker.current]
      for (const program of programs) program.signal('SIGSTOP')
      const copy = copyFile(scene, number)
      const expected = owed(scene)
      for (const program of programs) program.signal('SIGCONT')
      const problem = await problemOf(copy, expected)
      if (problem !== null) broken.push(`copy ${number}: ${problem}`)
    }
    await client.end('SIGTERM')
    return { note: `${copies - broken.length} of ${copies} copies open clean and whole`, broken }
  },
}

function copyFile({ site, directory }: Scene, number: number): string {
  const folder = join(directory, `copy-${number}`)
  const path = join(folder, 'jobs.db')
  mkdirSync(folder)
  copyFileSync(site.file!, path)
  if (existsSync(`${site.file}-wal`)) copyFileSync(`${site.file}-wal`, `${path}-wal`)
  return path
}

/** Jobs that were accepted and have not ended: they must be in the copy. */
function owed({ ledger, diary }: Scene): string[] {
  diary.readOn()
  const ended = new Set(diary.lines.filter(({ word }) => word === 'end').map(({ id }) => id))
  return readLedger(ledger).accepted.filter((id) => !ended.has(id))
}

async function problemOf(path: string, expected: readonly string[]): Promise<string | null> {
  const store = await openSqliteStore(capstanRuntime, { path })
  await store.queues(Date.now())
  await store.close()
  const database = new DatabaseSync(path, { readOnly: true })
  try {
    const all = (sql: string) => database.prepare(sql).all()
    const { integrity_check: state } = all('PRAGMA integrity_check')[0]!
    if (state !== 'ok') return `not sound: ${state}`
    const places =
      'SELECT job FROM waiting UNION ALL SELECT job FROM in_flight UNION ALL SELECT job FROM sets'
    const elsewhere = all(`SELECT job FROM (${places}) GROUP BY job HAVING count(*) <> 1`).length
    const nowhere = all(`SELECT number FROM jobs EXCEPT SELECT job FROM (${places})`).length
    if (elsewhere + nowhere > 0) return `${elsewhere} jobs in several places, ${nowhere} in none`
    const ids = all('SELECT payload FROM jobs').map(({ payload }) => idOf(String(payload)))
    if (new Set(ids).size !== ids.length) return 'a job is there twice'
    const present = new Set(ids)
    const missing = expected.filter((id) => !present.has(id))
    return missing.length === 0 ? null : `accepted jobs are missing: ${missing.join(' ')}`
  } finally {
    database.close()
  }
}
