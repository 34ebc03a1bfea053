import type { DiaryLine } from './diary.ts'

/** What the diary tells about the jobs that ran. */
export interface Runs {
  /** How often each job ended. */
  readonly ended: ReadonlyMap<string, number>
  /** Jobs that began while they still ran: in another process that was alive, or in the same one. */
  readonly overlapping: ReadonlySet<string>
  /** For how long it was so: from the job's beginning elsewhere to the end of the process that had it before. */
  readonly overlapMs: readonly number[]
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
  const waits: number[] = []
  const stories = new Map<string, Story>()
  const ends = new Map(deaths)
  for (const { word, pid, at } of lines) if (word === 'gone') ends.set(pid, at)
  for (const line of lines.filter(({ word }) => word !== 'gone')) {
    const story = stories.get(line.id) ?? { open: new Set(), overtaken: new Set() }
    stories.set(line.id, story)
    if (line.word === 'begin') waits.push(...begin(story, line, ends))
    else {
      ended.set(line.id, (ended.get(line.id) ?? 0) + 1)
      if (story.overtaken.has(line.pid)) overlapping.add(line.id)
      story.open.delete(line.pid)
    }
  }
  for (const [id, { overlaps }] of stories) if (overlaps) overlapping.add(id)
  return {
    ...{ ended, overlapping, interruptedMs: waits.filter((ms) => ms >= 0) },
    overlapMs: waits.filter((ms) => ms < 0).map((ms) => -ms),
  }
}

interface Story {
  /** Processes in which the job has begun and not ended. */
  readonly open: Set<number>
  /** Those that were open when it began elsewhere. */
  readonly overtaken: Set<number>
  overlaps?: boolean
}

/** How long the job had waited since the end of each process that had it; negative for one that ended only later. */
function begin(story: Story, { pid, at }: DiaryLine, ends: ReadonlyMap<number, number>): number[] {
  const waits = [...story.open].flatMap((other) => {
    const endedAt = ends.get(other)
    return endedAt === undefined ? [] : [at - endedAt]
  })
  if (waits.some((ms) => ms < 0)) story.overlaps = true
  for (const other of story.open) story.overtaken.add(other)
  story.open.clear()
  story.open.add(pid)
  return waits
}

export function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
