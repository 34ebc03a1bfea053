import type { DiaryLine } from './diary.ts'

/** What the diary tells about the jobs that ran. */
export interface Runs {
  /** How often each job ended. */
  readonly ended: ReadonlyMap<string, number>
  /** Jobs that began while they still ran: in another process that was alive, or in the same one. */
  readonly overlapping: ReadonlySet<string>
  /** For each interrupted run: from the end of its process to the job's next beginning. */
  readonly interruptedMs: readonly number[]
}

/**
 * Reads the story of each job.
 *
 * @param deaths pid to the moment from which that process certainly did nothing more. A process that is not in
 *   it (a worker may have children) counts as alive only if it goes on to end the job.
 */
export function runsOf(lines: readonly DiaryLine[], deaths: ReadonlyMap<number, number>): Runs {
  const ended = new Map<string, number>()
  const overlapping = new Set<string>()
  const interruptedMs: number[] = []
  const stories = new Map<string, Story>()
  for (const line of lines) {
    const story = stories.get(line.id) ?? { open: new Set(), overtaken: new Set() }
    stories.set(line.id, story)
    if (line.word === 'begin') {
      const waitedMs = begin(story, line, deaths)
      if (waitedMs !== null) interruptedMs.push(waitedMs)
    } else {
      ended.set(line.id, (ended.get(line.id) ?? 0) + 1)
      if (story.overtaken.has(line.pid)) overlapping.add(line.id)
      story.open.delete(line.pid)
    }
  }
  for (const [id, story] of stories) {
    if (story.overlaps) overlapping.add(id)
  }
  return { ended, overlapping, interruptedMs }
}

interface Story {
  /** Processes in which the job has begun and not ended. */
  readonly open: Set<number>
  /** Those that were open when it began elsewhere. */
  readonly overtaken: Set<number>
  overlaps?: boolean
}

/** Returns how long the job had waited if this begin makes up for an interrupted one. */
function begin(story: Story, { pid, at }: DiaryLine, deaths: ReadonlyMap<number, number>): number | null {
  let waitedMs: number | null = null
  for (const other of story.open) {
    const diedAt = deaths.get(other)
    story.overtaken.add(other)
    if (diedAt !== undefined && diedAt <= at) waitedMs = at - diedAt
    else if (diedAt !== undefined) story.overlaps = true
  }
  story.open.clear()
  story.open.add(pid)
  return waitedMs
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
