import type { ActionOutcome, Admin, JobQuery, JobView } from '../../admin/index.ts'
import { EXIT, type ExitCode, type Output, type Problem, printable, writeJson } from '../output.ts'
import type { Invocation } from './operator-command.ts'
import { counted, shellWord } from './words.ts'

/** Something that an operator does to single jobs. */
export interface Deed {
  readonly verb: 'retry' | 'kill' | 'delete'
  readonly act: (admin: Admin, job: JobView) => Promise<ActionOutcome>
  /** What to say when it is done. */
  readonly done: (job: JobView) => string
}

interface Result {
  readonly id: string
  readonly name: string
  readonly place: string
  readonly outcome: ActionOutcome
}

/** Copies of one job that are looked for: a jid may stand in several places. */
const COPIES = 10

/** Does the deed to every job with one of the ids and reports on each. An id fails when it was done to none of its copies. */
export async function actOnJobs(
  { admin, out }: Invocation<unknown>,
  deed: Deed,
  query: JobQuery & { readonly ids: readonly string[] },
): Promise<void> {
  const found = await admin.find({ ...query, limit: query.ids.length * COPIES })
  const results: Result[] = []
  for (const job of found.jobs) {
    const outcome = await deed.act(admin, job)
    results.push({ id: job.id, name: job.name, place: job.place, outcome })
    if (outcome === 'done' && !out.json)
      out.write(`${printable(deed.done(job))}: ${printable(`${job.name} ${job.id}`)}`)
  }
  const doneTo = new Set(results.filter(({ outcome }) => outcome === 'done').map(({ id }) => id))
  const missing = query.ids.filter((id) => !results.some((result) => result.id === id))
  if (out.json) writeJson(out, { results, missing })
  for (const [index, { id, outcome }] of results.entries()) {
    if (!doneTo.has(id)) out.fail({ code: `job.${outcome}`, ...problemOf(deed, found.jobs[index]!, outcome) })
  }
  sayMissing(out, missing, {
    lookedAt: found.ended === 'scan_limit' ? found.scanned : null,
    exitCode: missing.length === query.ids.length ? EXIT.nothingMatched : EXIT.failure,
  })
}

function sayMissing(
  out: Output,
  missing: readonly string[],
  { lookedAt, exitCode }: { readonly lookedAt: number | null; readonly exitCode: ExitCode },
): void {
  for (const id of missing) {
    out.fail({
      code: 'job.missing',
      what: `no job has the jid "${id}"${lookedAt === null ? '' : ` among the first ${counted(lookedAt, 'job')}`}`,
      expected: 'the jid of a job that waits, runs, failed or died',
      next:
        lookedAt === null
          ? 'it may have finished meanwhile; look for others with capstan jobs --class NAME or --text TEXT'
          : 'name the place with --in PLACE, so that less is searched',
      exitCode,
    })
  }
}

function problemOf({ verb }: Deed, job: JobView, outcome: ActionOutcome): Problem {
  const { id, name, place, worker } = job
  const word = shellWord(id)
  const subject = `${name} ${id}`
  switch (outcome) {
    case 'running':
      return {
        what: `${subject} was not changed: it runs right now on ${worker ?? 'a worker'}`,
        expected: 'a job that waits, failed or died',
        next: `wait until it ends, or stop that worker: capstan stop ${shellWord(worker ?? 'IDENTITY')}`,
      }
    case 'waiting':
      return {
        what: `${subject} waits in ${place} already`,
        expected: 'a job in retry, scheduled or dead',
        next: 'see that a worker serves this queue: capstan workers, capstan queues',
      }
    case 'dead':
      return {
        what: `${subject} is dead already`,
        next: `capstan retry ${word} runs it, capstan delete ${word} deletes it`,
      }
    case 'malformed':
      return {
        what: `${subject} cannot run: ${job.malformed}`,
        expected: 'a payload that a worker can read',
        next: `look at it with capstan jobs --jid ${word}; enqueue it anew, then capstan delete ${word}`,
      }
    default:
      return {
        what: `${subject} left ${place} before this could ${verb} it`,
        next: `see where it is now: capstan jobs --jid ${word}`,
      }
  }
}
