import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../src/kernel/random.ts'
import type { Fault } from './fault.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { Scene } from './scene.ts'
import type { System } from './system.ts'

/** Longer than any lease and any look-out for stalled jobs of the systems compared. */
const PATIENCE_MS = 120_000

export interface CellOptions {
  readonly seed: number
  readonly isQuick: boolean
  /** A folder that gets all that a cell leaves when it breaks a promise. */
  readonly keepIn?: string | undefined
}

/** Sets one system up afresh, lets one fault happen to it, waits until all is quiet, and counts. */
export async function runCell(system: System, fault: Fault, options: CellOptions): Promise<Outcome> {
  const directory = await mkdtemp(join(tmpdir(), 'capstan-faults-'))
  const undo = fault.prepare?.(directory)
  const site = await system.open(directory)
  const scene = new Scene({ site, directory, random: seededRandom(options.seed), isQuick: options.isQuick })
  // However this process ends, nothing stays mounted or lying about; those that are killed still write for a while.
  const abandon = () => {
    undo?.()
    spawnSync('sh', ['-c', 'sleep 0.2; rm -rf "$0"', directory])
  }
  process.once('exit', abandon)
  try {
    const findings = await fault.run(scene)
    await scene.quiet(fault.patienceMs ?? PATIENCE_MS)
    await scene.stopWorkers()
    const outcome = await outcomeOf(scene, findings, system.isOurs)
    if (outcome.accepted === 0) throw new Error(`no job was enqueued: ${lastWords(directory)}`)
    if (outcome.broken.length > 0 && options.keepIn !== undefined) {
      await cp(directory, join(options.keepIn, `${system.name} ${fault.name} ${options.seed}`), {
        recursive: true,
      })
    }
    return outcome
  } finally {
    await scene.close()
    await site.close()
    process.removeListener('exit', abandon)
    undo?.()
    await rm(directory, { recursive: true })
  }
}

const LAST_WORDS = 2_000

/** The end of what the programs of a cell said. */
function lastWords(directory: string): string {
  return readFileSync(join(directory, 'log'), 'utf8').slice(-LAST_WORDS)
}
