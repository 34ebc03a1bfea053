import type { EpochMs } from '../../kernel/clock.ts'
import type { Claim, ExchangeReply, ExchangeRequest, Settlement } from '../exchange.ts'
import type { MemoryState, RegisteredWorker } from './memory-state.ts'

/** Settles first, so that a job handed back may be claimed again in the same step. */
export const exchange =
  (state: MemoryState) =>
  (request: ExchangeRequest): ExchangeReply => {
    const worker = state.workers.get(request.identity)
    const refused = request.settle.filter((settlement) => !settle(state, request, settlement))
    return {
      registered: worker !== undefined,
      claims: worker === undefined ? [] : claim(state, worker, request),
      refused: refused.map((settlement) => settlement.token),
      paused: request.queues.filter((queue) => state.paused.has(queue)),
    }
  }

export const inFlight =
  (state: MemoryState) =>
  (identity: string): Claim[] => [...(state.workers.get(identity)?.inFlight.values() ?? [])]

/** Hands back from the last claim to the first: each goes in front of the one that was claimed after it. */
export const leave =
  (state: MemoryState) =>
  (identity: string, _now: EpochMs): void => {
    for (const { queue, payload } of inFlight(state)(identity).reverse()) state.pushFront(queue, payload)
    state.workers.delete(identity)
    state.signals.delete(identity)
  }

function claim(state: MemoryState, worker: RegisteredWorker, request: ExchangeRequest): Claim[] {
  const claims: Claim[] = []
  for (const queue of request.queues) {
    while (claims.length < request.count && state.isClaimable(queue)) {
      const { payload } = state.entries({ queue }).shift()!
      claims.push({ token: state.freshName(), queue, payload })
    }
  }
  for (const taken of claims) worker.inFlight.set(taken.token, taken)
  return claims
}

/** Takes a job out of the in-flight record. False when it is not there; then nothing is done. */
function settle(state: MemoryState, request: ExchangeRequest, settlement: Settlement): boolean {
  const inFlight = state.workers.get(request.identity)?.inFlight
  const held = inFlight?.get(settlement.token)
  if (held === undefined) return false
  inFlight?.delete(settlement.token)
  place(state, held, { settlement, now: request.now })
  return true
}

function place(
  state: MemoryState,
  held: Claim,
  { settlement, now }: { settlement: Settlement; now: EpochMs },
): void {
  if (settlement.to === 'done') return
  const payload = settlement.payload ?? held.payload
  if (settlement.to === 'queue') state.pushFront(held.queue, payload)
  else if (settlement.to === 'dead') state.bury(payload, now, settlement.reason)
  else state.addTo(settlement.to, payload, settlement.at)
}
