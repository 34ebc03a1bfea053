import type { Script } from '../script.ts'
import { clearQueue, clearSet } from './clear.ts'
import { depart } from './depart.ts'
import { exchange } from './exchange.ts'
import { heartbeat } from './heartbeat.ts'
import { heldJobs, heldTokens, inFlight } from './held.ts'
import { move } from './move.ts'
import { promote } from './promote.ts'
import { push } from './push.ts'
import { queueRows } from './queue-rows.ts'
import { registered } from './registered.ts'
import { signal } from './signal.ts'

/** Every script, to be loaded when a connection is opened. */
export const ALL_SCRIPTS: readonly Script[] = [
  push,
  exchange,
  heartbeat,
  inFlight,
  heldJobs,
  heldTokens,
  depart,
  promote,
  move,
  clearSet,
  clearQueue,
  signal,
  registered,
  queueRows,
]
