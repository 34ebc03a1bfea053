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
  /** Why it was not run. */
  readonly skipped: string | null
  readonly seconds: number
}

export interface Report {
  readonly cells: readonly Cell[]
  readonly plan: Plan
  readonly seconds: number
}

/** Runs all cells one after the other, so that none takes the processor from another. */
export async function* runCells(plan: Plan): AsyncGenerator<Cell> {
  for (const fault of plan.faults) {
    for (const system of plan.systems) {
      const skipped = system.missing ?? fault.inapplicable(system) ?? tooSlow(fault, system, plan)
      const begunAt = performance.now()
      const outcome = skipped === null ? await runAll(system, fault, plan) : null
      yield { system, fault, outcome, skipped, seconds: (performance.now() - begunAt) / 1_000 }
    }
  }
}

function tooSlow(fault: Fault, system: System, { isQuick }: Plan): string | null {
  const isTooSlow = fault.isSlow || (fault.interrupts && system.isSlowToRecover)
  return isQuick && isTooSlow ? 'left out of a quick run' : null
}

async function runAll(system: System, fault: Fault, { runs, seed, isQuick, keepIn }: Plan): Promise<Outcome> {
  const outcomes: Outcome[] = []
  for (let run = 0; run < runs; run++) {
    outcomes.push(await runCell(system, fault, { seed: seed + run, isQuick, keepIn }))
  }
  return merged(outcomes)
}
