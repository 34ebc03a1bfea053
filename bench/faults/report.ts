import type { Cell, Report } from './cells.ts'
import type { Outcome } from './outcome.ts'

const HEAD = [
  'system',
  'runs',
  'accepted',
  'done',
  'left',
  'lost',
  'overlapping',
  'for',
  'doubled',
  'marked failed',
  'interrupted',
  'waited: median',
  'longest',
  'after return',
]

/** For the terminal: a table for each fault, then what was broken. */
export function reportOf(report: Report): string {
  const sections = byFault(report).map(({ title, cells }) => {
    const rows = [HEAD, ...cells.flatMap((cell) => rowOf(cell, report.plan.runs))]
    return [title, ...aligned(rows), ...remarks(cells).map((remark) => `  ${remark}`)].join('\n')
  })
  return [...sections, verdict(report)].join('\n\n')
}

/** One line while the rest still runs. */
export function progressOf({ system, fault, outcome, skipped, seconds }: Cell): string {
  const what =
    outcome === null
      ? `not run: ${skipped}`
      : `${outcome.accepted} accepted, ${outcome.lost} lost, ${outcome.overlapping} overlapping, ${outcome.markedFailed} marked failed`
  return `${system.name}, ${fault.name}: ${what} (${seconds.toFixed(1)} s)`
}

export interface Section {
  readonly title: string
  readonly cells: readonly Cell[]
}

export function byFault({ cells, plan }: Report): Section[] {
  return plan.faults.map((fault) => ({
    title: `${fault.name}: ${fault.title(plan.isQuick)}`,
    cells: plan.systems.flatMap((system) =>
      cells.filter((cell) => cell.fault === fault && cell.system === system),
    ),
  }))
}

/** One sentence on how much was tried and what of it broke a promise. */
export function verdict({ cells, plan, seconds }: Report): string {
  const broken = cells.flatMap(({ system, fault, outcome }) =>
    (outcome?.broken ?? []).map((what) => `${system.name}, ${fault.name}: ${what}`),
  )
  const ran = cells.filter(({ outcome }) => outcome !== null).length
  const head = `${ran} cells, each run ×${plan.runs} from seed ${plan.seed}, in ${seconds.toFixed(0)} s; promises broken: ${broken.length}`
  return [head, ...broken].join('\n')
}

/** A table row, or none for a cell that was not run. */
export function rowOf({ system, outcome }: Cell, runs: number): string[][] {
  return outcome === null ? [] : [[`${system.name} ${system.version}`, String(runs), ...figures(outcome)]]
}

export const tableHead: readonly string[] = HEAD

function figures(outcome: Outcome): string[] {
  const { accepted, done, left, lost, overlapping, doubled, markedFailed, interrupted } = outcome
  return [
    ...[accepted, done, left, lost, overlapping].map(String),
    duration(outcome.longestOverlapMs),
    ...[doubled, markedFailed, interrupted].map(String),
    ...[outcome.medianWaitMs, outcome.longestWaitMs, outcome.longestReturnMs].map(duration),
  ]
}

export function remarks(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ system, outcome, skipped }) =>
    [...(outcome?.notes ?? []), ...(skipped === null ? [] : [`not run: ${skipped}`])].map(
      (remark) => `${system.name}: ${remark}`,
    ),
  )
}

function duration(ms: number | null): string {
  if (ms === null) return '–'
  return ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function aligned(rows: readonly string[][]): string[] {
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  '),
  )
}
