import type { JobView, PlaceName } from '../../admin/index.ts'
import { type Output, paint, printable } from '../output.ts'
import type { Column } from './table.ts'
import { cut } from './table.ts'
import { fromNow } from './words.ts'
import { runningColumns } from './workers-command.ts'

const MOMENT_HEADS: Readonly<Record<string, string>> = { retry: 'NEXT TRY', scheduled: 'RUNS', dead: 'DIED' }

/** The columns that say most about jobs of one place, or of several (null). */
export function columnsOf(place: PlaceName | null, now: number): Column<JobView>[] {
  if (place === 'running') return runningColumns(now)
  const columns = [...NAMES]
  if (place === null) columns.push({ head: 'PLACE', cell: (job) => job.place })
  else if (place in MOMENT_HEADS) {
    columns.push({ head: 'QUEUE', cell: ({ queue }) => queue ?? '?' })
    columns.push({ head: MOMENT_HEADS[place]!, right: true, cell: ({ at }) => fromNow(at, now) })
  } else columns.push({ head: 'ENQUEUED', right: true, cell: ({ enqueuedAt }) => fromNow(enqueuedAt, now) })
  columns.push({ head: 'FAILURES', right: true, cell: failures })
  columns.push({ head: 'ERROR', flexible: true, cell: trouble, colour: () => 'red' })
  return columns
}

const NAMES: readonly Column<JobView>[] = [
  { head: 'JID', cell: ({ id }) => id },
  {
    head: 'CLASS',
    flexible: true,
    cell: ({ name }) => name,
    colour: ({ malformed }) => (malformed === null ? null : 'red'),
  },
  {
    head: 'ARGS',
    flexible: true,
    cell: ({ argsText, malformed, payload }) => (malformed === null ? argsText : payload),
  },
]

function failures({ retryCount }: JobView): string {
  return retryCount === null ? '0' : String(retryCount + 1)
}

/** Why it is where it is, in one line. */
function trouble({ malformed, reason, error }: JobView): string {
  if (malformed !== null) return `malformed: ${malformed}`
  if (error !== null) return error.class === null ? error.message : `${error.class}: ${error.message}`
  return reason ?? ''
}

/** A page of text is shown whole, a book is not; `--json` gives all of it. */
const LONGEST_VALUE = 10_000

/** Writes all that is known of one job. */
export function writeDetails(out: Output, job: JobView, now: number): void {
  const moment = (at: number | null) => (at === null ? null : fromNow(at, now))
  const facts: Record<string, string | null> = {
    jid: job.jid ?? `none; called ${job.id}`,
    class: job.class === job.name ? job.name : `${job.name} (${job.class ?? 'no class'})`,
    place: job.place,
    queue: job.queue,
    args: job.argsText,
    tags: job.tags.join(', '),
    worker: job.worker,
    started: moment(job.startedAt),
    [(MOMENT_HEADS[job.place] ?? 'at').toLowerCase()]: moment(job.at),
    created: moment(job.createdAt),
    enqueued: moment(job.enqueuedAt),
    failures: failures(job),
    failed: moment(job.failedAt),
    retried: moment(job.retriedAt),
    reason: job.reason,
    malformed: job.malformed,
    error: job.error === null ? null : trouble({ ...job, malformed: null }),
    bytes: job.malformed === null ? null : job.payload,
  }
  for (const [name, value] of Object.entries(facts)) {
    if (value !== null && value !== '') out.write(`${paint(out, 'dim', name.padEnd(10))} ${shortened(value)}`)
  }
  for (const line of job.error?.backtrace ?? []) out.write(`  ${shortened(line)}`)
  out.write('')
}

function shortened(value: string): string {
  return printable(cut(value, LONGEST_VALUE))
}
