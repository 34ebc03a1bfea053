import type { Machine } from '../machine.ts'
import { runCell } from './cell.ts'
import type { Fault } from './fault.ts'
import { merged, type Outcome } from './outcome.ts'
import type { System } from './system.ts'

/** What is to be run. */
export interface Plan {
  readonly systems: readonly System[]
  readonly faults: readonly Fault[]
  /** How often each cell is run, each time with the next seed. */
  readonly runs: number
  readonly seed: number
  readonly isQuick: boolean
  readonly keepIn?: string | undefined
}

/** One system under one fault. */
export interface Cell {
  readonly system: System
  readonly fault: Fault
  /** null when it was not run. */
  readonly outcome: Outcome | null
  /** Why it was not run, or not to its end. */
  readonly skipped: string | null
  readonly seconds: number
}

export interface Report {
  readonly machine: Machine
  readonly cells: readonly Cell[]
  readonly plan: Plan
  readonly seconds: number
}

type Pairing = Pick<Cell, 'system' | 'fault' | 'skipped'>

/**
 * Runs cells one after the other, so that none takes the processor from another, and then those that mostly wait, for
 * a minute or two, side by side.
 */
export async function* runCells(plan: Plan): AsyncGenerator<Cell> {
  const pairings = plan.faults.flatMap((fault) =>
    plan.systems.map((system) => ({ system, fault, skipped: system.missing ?? fault.inapplicable(system) })),
  )
  for (const pairing of pairings.filter((pairing) => !mostlyWaits(pairing))) yield await run(pairing, plan)
  const running = pairings.filter(mostlyWaits).map((pairing) => run(pairing, plan))
  for (const cell of await Promise.all(running)) yield cell
}

function mostlyWaits({ fault, system, skipped }: Pairing): boolean {
  const isInterrupted = fault.interrupts === true && system.isSlowToRecover
  return skipped === null && (fault.isSlow === true || isInterrupted)
}

async function run({ system, fault, skipped }: Pairing, plan: Plan): Promise<Cell> {
  const begunAt = performance.now()
  const ended = (result: Pick<Cell, 'outcome' | 'skipped'>): Cell => ({
    ...{ system, fault, ...result, seconds: (performance.now() - begunAt) / 1_000 },
  })
  if (skipped !== null) return ended({ outcome: null, skipped })
  try {
    return ended({ outcome: await runAll(system, fault, plan), skipped })
  } catch (error) {
    // What a peer cannot go through costs only its own cell.
    if (system.isOurs) throw error
    return ended({ outcome: null, skipped: `not to its end: ${(error as Error).message.split('\n')[0]}` })
  }
}

async function runAll(system: System, fault: Fault, { runs, seed, isQuick, keepIn }: Plan): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (let run = 0; run < runs; run++) {
    outcomes.push(await runCell(system, fault, { seed: seed + run, isQuick, keepIn }))
  }
  return merged(outcomes)
}
