// What is lost, run twice or marked failed when things go wrong. Run it with bin/faults; --help says how.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { machine } from '../machine.ts'
import { type Cell, runCells } from './cells.ts'
import { documentOf } from './document.ts'
import { FAULTS } from './faults/all.ts'
import { progressOf, reportOf } from './report.ts'
import { bullmq } from './systems/bullmq.ts'
import { capstanRedis } from './systems/capstan-redis.ts'
import { capstanSqlite } from './systems/capstan-sqlite.ts'
import { sidekiq } from './systems/sidekiq.ts'

const SYSTEMS = [capstanRedis, capstanSqlite, bullmq, sidekiq]
const DOCUMENT = join(import.meta.dirname, '../../docs/internals/faults.md')
const USAGE_ERROR = 2

function usageError(message: string): never {
  console.error(`bin/faults: ${message}`)
  process.exit(USAGE_ERROR)
}

function parsed() {
  try {
    const { values } = parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        ours: { type: 'boolean', default: false },
        only: { type: 'string', multiple: true },
        runs: { type: 'string', default: '1' },
        seed: { type: 'string', default: '1' },
        keep: { type: 'string' },
      },
    })
    return values
  } catch (error) {
    return usageError((error as Error).message)
  }
}

const flags = parsed()
const names = FAULTS.map(({ name }) => name)
const unknown = flags.only?.find((name) => !names.includes(name))
if (unknown !== undefined) usageError(`no fault is called "${unknown}"; there are ${names.join(', ')}`)
const [runs, seed] = [Number(flags.runs), Number(flags.seed)]
if (!(Number.isSafeInteger(runs) && runs > 0 && Number.isSafeInteger(seed)))
  usageError('--runs and --seed take whole numbers')

const plan = {
  systems: SYSTEMS.filter(({ isOurs }) => isOurs || !flags.ours),
  faults: FAULTS.filter(({ name }) => flags.only?.includes(name) ?? true),
  runs,
  seed,
  isQuick: flags.quick,
  keepIn: flags.keep,
}
// Every server and every cell ends with this process, and many are up at a time.
process.setMaxListeners(0)
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const begunAt = performance.now()
const before = machine()
const cells: Cell[] = []
for await (const cell of runCells(plan)) {
  cells.push(cell)
  console.error(progressOf(cell))
}
const report = { machine: before, cells, plan, seconds: (performance.now() - begunAt) / 1_000 }

if (flags.json) {
  const plain = cells.map(({ system, fault, ...rest }) => ({
    system: system.name,
    version: system.version,
    fault: fault.name,
    ...rest,
  }))
  console.log(
    JSON.stringify(
      { ...before, runs, seed, quick: flags.quick, seconds: report.seconds, cells: plain },
      null,
      2,
    ),
  )
} else console.log(reportOf(report))
if (flags.write) {
  mkdirSync(join(DOCUMENT, '..'), { recursive: true })
  writeFileSync(DOCUMENT, documentOf(report))
}
if (cells.some(({ outcome }) => outcome !== null && outcome.broken.length > 0)) process.exitCode = 1
