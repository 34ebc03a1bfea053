import { type Definition, definition, type JobContext } from '../../src/job/definition.ts'
import { discard, kill, snooze } from '../../src/job/outcome.ts'
import type { Clock } from '../../src/kernel/clock.ts'

/** How a job ends when nothing of ours loses it: `gone` (done, or dropped by its own wish) or in the dead set. */
export type Ending = 'gone' | 'dead'

/** One job of a simulation, drawn by chance. */
export interface JobPlan {
  /** Its first argument: tells it from all others, whatever its jid. */
  readonly name: string
  readonly kind: KindName
  readonly queue: string
  readonly runMs: number
  /** How often it fails, snoozes or hangs before it ends well. */
  readonly troubles: number
}

export interface JobWorld {
  readonly clock: Clock
  /** How often the store took a snooze of this job. */
  snoozes(name: string): number
  /** Ends the process that calls. */
  die(name: string): Promise<never>
}

export const RETRY_LIMIT = 2
const SNOOZE_MS = 4_000
const TIMEOUT_MS = 3_000
const EXPIRY_MS = 20_000
const HANG_MS = 600_000

type Body = (plan: JobPlan, world: JobWorld, context: JobContext) => unknown

interface Kind {
  readonly ending: (plan: JobPlan) => Ending
  /** Retries that the store must have taken by then. */
  readonly retries: (plan: JobPlan) => number
  readonly options: Partial<Parameters<typeof definition>[0]>
  readonly body: Body
}

const RETRYING = { retry: { limit: RETRY_LIMIT, delay: () => 1_000 } }

const gone = () => 'gone' as const
const dead = () => 'dead' as const
const none = () => 0
const fromTroubles = (plan: JobPlan): Ending => (plan.troubles > RETRY_LIMIT ? 'dead' : 'gone')
const asTroubles = (plan: JobPlan): number => Math.min(plan.troubles, RETRY_LIMIT)

const steady: Body = (plan, { clock }) => clock.sleep(plan.runMs)
const polite: Body = async (plan, { clock }, { signal }) => {
  await clock.sleep(plan.runMs, signal)
  signal.throwIfAborted()
}

/** Every way in which a job may behave. */
export const KINDS = {
  steady: { ending: gone, retries: none, options: {}, body: steady },
  polite: { ending: gone, retries: none, options: {}, body: polite },
  instant: { ending: gone, retries: none, options: {}, body: () => undefined },
  fails: {
    ending: fromTroubles,
    retries: asTroubles,
    options: RETRYING,
    body: async (plan, world, context) => {
      await polite(plan, world, context)
      if (context.attempt <= plan.troubles) throw new Error('not yet')
    },
  },
  hangs: {
    ending: fromTroubles,
    retries: asTroubles,
    options: { ...RETRYING, timeout: TIMEOUT_MS },
    body: async (plan, { clock }, { attempt, signal }) => {
      if (attempt > plan.troubles) return
      await clock.sleep(HANG_MS, signal)
      signal.throwIfAborted()
    },
  },
  snoozes: {
    ending: gone,
    retries: none,
    options: {},
    body: (plan, { snoozes }) => (snoozes(plan.name) < plan.troubles ? snooze(SNOOZE_MS) : undefined),
  },
  discards: { ending: gone, retries: none, options: {}, body: () => discard('not needed') },
  kills: { ending: dead, retries: none, options: {}, body: () => kill('needs a person') },
  failsOnce: {
    ending: gone,
    retries: none,
    options: { retry: false },
    body: () => Promise.reject(new Error('no')),
  },
  failsUnburied: {
    ending: gone,
    retries: none,
    options: { retry: 0, dead: false },
    body: () => Promise.reject(new Error('no')),
  },
  expires: { ending: gone, retries: none, options: { expiresIn: EXPIRY_MS }, body: steady },
  /** Ends its process, wherever it runs. */
  poison: { ending: dead, retries: none, options: {}, body: (plan, { die }) => die(plan.name) },
} satisfies Record<string, Kind>

export type KindName = keyof typeof KINDS

/** The jobs as one process knows them. */
export function definitionsFor(world: JobWorld): Map<KindName, Definition> {
  const made = Object.entries(KINDS as Record<string, Kind>).map(([name, { options, body }]) => {
    const run = (args: readonly unknown[], context: JobContext) => body(args[1] as JobPlan, world, context)
    return [
      name as KindName,
      definition({ name, ...options, run } as Parameters<typeof definition>[0]),
    ] as const
  })
  return new Map(made)
}

export function endingOf(plan: JobPlan): { ending: Ending; retries: number } {
  const kind: Kind = KINDS[plan.kind]
  return { ending: kind.ending(plan), retries: kind.retries(plan) }
}

/** The name of a job out of its payload. */
export function nameIn(payload: string): string {
  return /"args":\["([^"]+)"/.exec(payload)?.[1] ?? payload
}
