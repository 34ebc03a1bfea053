import { readLedger } from './diary.ts'
import type { Findings } from './fault.ts'
import { median, runsOf } from './runs.ts'
import type { Scene } from './scene.ts'

/** What one cell came to, in jobs and milliseconds. Jobs are innocent ones: those made to do harm are not counted. */
export interface Outcome {
  /** Enqueue calls that were answered well. */
  readonly accepted: number
  readonly done: number
  /** Still in the store when the cell's time was over. */
  readonly left: number
  /** Accepted, but neither done nor left nor marked failed. */
  readonly lost: number
  /** Began while running already: in another process that was alive, or in the same one. */
  readonly overlapping: number
  /** From the job's beginning elsewhere to the end of the process that had it before. */
  readonly longestOverlapMs: number | null
  /** Ended more than once, for whatever reason. */
  readonly doubled: number
  /** Of them, those that can only have been stored twice. */
  readonly doubledByEnqueue: number
  readonly markedFailed: number
  readonly interrupted: number
  /** From the end of its process to the job's next beginning. */
  readonly longestWaitMs: number | null
  readonly medianWaitMs: number | null
  /** From the store's return to the next beginning of a job, at most. */
  readonly longestReturnMs: number | null
  readonly notes: readonly string[]
  readonly broken: readonly string[]
}

const isInnocent = (id: string): boolean => id.startsWith('job')

/** Counts a cell after everything in it has ended. */
export async function outcomeOf(scene: Scene, findings: Findings, isOurs: boolean): Promise<Outcome> {
  scene.diary.readOn()
  const { ended, overlapping, overlapMs, interruptedMs } = runsOf(scene.diary.lines, scene.processes.deaths)
  const accepted = readLedger(scene.ledger).accepted.filter(isInnocent)
  const markedFailed = new Set((await scene.site.failed()).filter(isInnocent))
  const missing = accepted.filter((id) => !ended.has(id) && !markedFailed.has(id)).length
  const left = Math.min(missing, await scene.site.unfinished())
  const doubled = [...ended].filter(([id, times]) => isInnocent(id) && times > 1).length
  const counts = {
    accepted: accepted.length,
    done: accepted.filter((id) => ended.has(id)).length,
    left,
    lost: missing - left,
    overlapping: [...overlapping].filter(isInnocent).length,
    doubled,
    doubledByEnqueue: findings.doublesAreFromEnqueue ? doubled : 0,
    markedFailed: markedFailed.size,
    interrupted: interruptedMs.length,
  }
  return {
    ...counts,
    longestOverlapMs: longest(overlapMs),
    longestWaitMs: longest(interruptedMs),
    medianWaitMs: median(interruptedMs),
    longestReturnMs: longestReturn(scene),
    notes: findings.note === undefined ? [] : [findings.note],
    broken: isOurs ? [...brokenBy(counts), ...(findings.broken ?? [])] : [],
  }
}

function longestReturn({ returns, diary }: Scene): number | null {
  const waits = returns.flatMap((returnedAt) => {
    const next = diary.lines.find(({ word, at }) => word === 'begin' && at >= returnedAt)
    return next === undefined ? [] : [next.at - returnedAt]
  })
  return longest(waits)
}

const longest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.max(...values)

type Counts = Pick<Outcome, 'left' | 'lost' | 'overlapping' | 'doubledByEnqueue' | 'markedFailed'>

function brokenBy(counts: Counts): string[] {
  const promises: ReadonlyArray<readonly [number, string]> = [
    [counts.lost, 'lost'],
    [counts.left, 'not run in time'],
    [counts.overlapping, 'run twice at the same time'],
    [counts.doubledByEnqueue, 'stored twice by one enqueue'],
    [counts.markedFailed, 'marked failed without fault'],
  ]
  return promises.flatMap(([jobs, what]) => (jobs > 0 ? [`${jobs} jobs ${what}`] : []))
}

/** Several runs of one cell as one: counts add up, waits are the longest, medians the middle. */
export function merged(outcomes: readonly Outcome[]): Outcome {
  const all = (key: keyof Outcome) => outcomes.map((outcome) => outcome[key])
  const sum = (key: keyof Outcome) => (all(key) as number[]).reduce((total, count) => total + count, 0)
  const numbers = (key: keyof Outcome) => all(key).filter((value) => typeof value === 'number')
  return {
    accepted: sum('accepted'),
    done: sum('done'),
    left: sum('left'),
    lost: sum('lost'),
    overlapping: sum('overlapping'),
    doubled: sum('doubled'),
    doubledByEnqueue: sum('doubledByEnqueue'),
    markedFailed: sum('markedFailed'),
    interrupted: sum('interrupted'),
    longestOverlapMs: longest(numbers('longestOverlapMs')),
    longestWaitMs: longest(numbers('longestWaitMs')),
    medianWaitMs: median(numbers('medianWaitMs')),
    longestReturnMs: longest(numbers('longestReturnMs')),
    notes: outcomes.flatMap(({ notes }) => notes),
    broken: outcomes.flatMap(({ broken }) => broken),
  }
}
