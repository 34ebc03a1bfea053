import { StoreError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import type { Store } from '../store/store.ts'

/** What befalls one call of a store. */
export type Fault =
  | 'pass'
  /** It never arrived: `store.not_stored`, nothing changed. */
  | 'before'
  /** It took effect, and the answer was lost: `store.unknown`. */
  | 'after'
  /** It does not arrive before this promise settles; then it passes. */
  | { readonly hang: Promise<unknown> }

export type StoreMethod = Exclude<keyof Store, 'isApart'>

/** Decides about one call; `nth` counts the calls of this method, from 1. */
export type FaultPlan = (method: StoreMethod, nth: number) => Fault

/** What waits out a store that is gone: its callers send nothing that could be lost here. */
const NEVER_FAIL: ReadonlySet<StoreMethod> = new Set<StoreMethod>(['waitForJobs', 'close'])

/** A store between which and its user calls and answers get lost as `plan` says. It is not asked about `waitForJobs` and `close`. */
export function faultyStore(store: Store, plan: FaultPlan): Store {
  const calls = new Map<StoreMethod, number>()
  return new Proxy(store, {
    get(target, name) {
      const method = name as StoreMethod
      const call: unknown = Reflect.get(target, method)
      if (typeof call !== 'function') return call
      if (NEVER_FAIL.has(method)) return call.bind(target)
      return (...asked: unknown[]) => {
        const nth = (calls.get(method) ?? 0) + 1
        calls.set(method, nth)
        return withFault(plan(method, nth), async () => call.apply(target, asked))
      }
    },
  })
}

/** How likely each fault is, per call; both 0 by default. */
export interface FaultRates {
  readonly before?: number
  readonly after?: number
  /** Methods that fail; all by default. */
  readonly methods?: readonly StoreMethod[]
}

/** Faults by chance. The same seed and the same calls give the same faults. */
export function randomFaults(random: Random, { before = 0, after = 0, methods }: FaultRates): FaultPlan {
  return (method) => {
    if (methods !== undefined && !methods.includes(method)) return 'pass'
    const chance = random.float()
    if (chance < before) return 'before'
    return chance < before + after ? 'after' : 'pass'
  }
}

async function withFault(fault: Fault, call: () => Promise<unknown>): Promise<unknown> {
  if (fault === 'before') {
    throw new StoreError('store.not_stored', 'the call did not arrive (a planned fault)', { retryable: true })
  }
  if (typeof fault === 'object') await Promise.allSettled([fault.hang])
  const answer = await call()
  if (fault !== 'after') return answer
  throw new StoreError('store.unknown', 'the answer was lost (a planned fault)', { retryable: true })
}
