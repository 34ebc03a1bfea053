import type { Gap, Ledger } from '../../deploy/ledger/ledger.ts'

const MS_PER_S = 1_000

/**
 * The ledger of a deploy for a person: what became of jobs, how long nobody took any, and what is not known. Nothing for a
 * stage that no worker of ours works for.
 */
export function ledgerLines(ledger: Ledger): string[] {
  const { running, waiting, taken, gaps } = ledger
  if (running === null && gaps.length === 0) return []
  if (taken === null && gaps.length === 0)
    return [
      `no workers before this deploy: nothing to count; now ${shown(running)} run and ${shown(waiting)} wait`,
    ]
  return [
    jobsLine(ledger),
    ...(gaps.length === 0 ? [] : [`longest time without a worker: ${longest(ledger)}`]),
    ...unknownLines(ledger),
  ]
}

/** The same of a deploy that failed: whether it has touched a worker that was there, and what became of jobs. */
export function failedLedgerLines(ledger: Ledger): string[] {
  const { running, gaps } = ledger
  if (running === null && gaps.length === 0) return []
  const told = gaps.map(({ host, service }) => `${host} ${service}`).join(', ')
  return [`old workers that were told to end: ${told || 'none'}`, jobsLine(ledger), ...unknownLines(ledger)]
}

function jobsLine(ledger: Ledger): string {
  return `jobs, as far as workers have reported: ${jobs(ledger)}`
}

function unknownLines({ unknown }: Ledger): string[] {
  return unknown.map((what) => `not known: ${what}`)
}

function jobs({
  taken,
  finished,
  failed,
  handedBack,
  recovered,
  running,
  waiting,
  draining,
}: Ledger): string {
  const during = `${shown(taken)} taken, ${shown(finished)} finished, ${shown(failed)} failed`
  const back = `${shown(handedBack)} handed back, ${shown(recovered)} recovered`
  const old = draining === 0 ? '' : `; old workers that still drain: ${shown(draining)}`
  return `${during}, ${back}; now ${shown(running)} run and ${shown(waiting)} wait${old}`
}

function longest({ longestGapMs, gaps }: Ledger): string {
  const each = gaps.map((gap) => `${gap.host} ${gap.service}: ${gapText(gap)}`).join('; ')
  return longestGapMs === 0 ? `none (${each})` : `${seconds(longestGapMs)} (${each})`
}

function gapText({ gapMs, aheadMs }: Gap): string {
  return aheadMs === null
    ? seconds(gapMs)
    : `the new one was ready ${seconds(aheadMs)} before the old one was told to end`
}

function shown(count: number | null): string {
  return count === null ? '?' : String(count)
}

function seconds(ms: number | null): string {
  return ms === null ? 'not known' : `${(ms / MS_PER_S).toFixed(1)} s`
}
