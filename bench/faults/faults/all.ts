import type { Fault } from '../fault.ts'
import { blockedLoop } from './blocked-loop.ts'
import { cuts } from './cuts.ts'
import { frozen } from './frozen.ts'
import { fullDisk } from './full-disk.ts'
import { fullMemory } from './full-memory.ts'
import { kill } from './kill.ts'
import { killerJob } from './killer-job.ts'
import { malformed } from './malformed.ts'
import { powerLoss } from './power-loss.ts'
import { resends } from './resends.ts'
import { storeKilled } from './store-killed.ts'
import { term } from './term.ts'

/** In the order of the report. */
export const FAULTS: readonly Fault[] = [
  kill,
  term,
  storeKilled,
  cuts,
  resends,
  blockedLoop,
  frozen,
  malformed,
  fullMemory,
  killerJob,
  fullDisk,
  powerLoss,
]
