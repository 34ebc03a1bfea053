import type { Command } from 'commander'
import type { JobQuery, JobView, PlaceName } from '../../admin/index.ts'
import { EXIT, printable, writeJson } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { columnsOf, writeDetails } from './job-display.ts'
import { knownPlace } from './known-place.ts'
import { acts, type Invocation, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { writeTable } from './table.ts'
import { counted, number } from './words.ts'

interface JobsOptions {
  readonly class?: string
  readonly jid?: string
  readonly text?: string
  readonly limit: string
  readonly offset: string
}

/** `capstan jobs [PLACE]`: the jobs of a place, or those that match, wherever they are. */
export function jobsCommand(context: OperatorContext): Command {
  return operatorCommand('jobs [place]', {
    about:
      'Show jobs. PLACE is running, retry, scheduled, dead or the name of a queue (queue:NAME if it has one of those names). ' +
      'With --class, --jid or --text and no PLACE, all places are searched; with nothing, their sizes are shown.',
    examples: [
      'capstan jobs dead',
      'capstan jobs --jid 3b7c032b9502a04a278849d5',
      'capstan jobs retry --class Thumbnail --text a.jpg',
    ],
  })
    .option('--class <name>', 'only jobs of this class')
    .option('--jid <jid>', 'only this job, with all that is known of it')
    .option('--text <text>', 'only jobs with this text anywhere in them')
    .option('--limit <count>', 'how many to show', '25')
    .option('--offset <count>', 'how many to skip', '0')
    .action(acts<JobsOptions>(context, showJobs))
}

async function showJobs(invocation: Invocation<JobsOptions>, word?: string): Promise<void> {
  const { admin, out, options } = invocation
  const page = {
    offset: wholeNumber(options.offset, '--offset', 0),
    limit: wholeNumber(options.limit, '--limit', 1),
  }
  const known = word === undefined ? null : await knownPlace(admin, word)
  if (known !== null && 'problem' in known) return out.fail(known.problem)
  const query = queryOf(options, known?.name)
  if (query !== null) return showMatches(invocation, { ...query, ...page })
  if (known === null) return showPlaces(invocation)
  const found = await admin.jobs(known.name, page)
  if (out.json) return writeJson(out, found)
  const place = printable(found.place)
  if (found.total === 0) return out.write(`No jobs in ${place}.`)
  if (found.jobs.length === 0)
    return out.write(
      `No jobs in ${place} behind the first ${number(page.offset)}; it holds ${counted(found.total, 'job')}.`,
    )
  writeTable(out, columnsOf(found.place, invocation.now), found.jobs)
  const end = page.offset + found.jobs.length
  if (end < found.total || page.offset > 0) {
    const more = end < found.total ? `; more: --offset ${end}` : ''
    out.write(`\n${number(page.offset + 1)} to ${number(end)} of ${number(found.total)} in ${place}${more}`)
  }
}

function queryOf({ class: name, jid, text }: JobsOptions, place: PlaceName | undefined): JobQuery | null {
  if (name === undefined && jid === undefined && text === undefined) return null
  return {
    ...(name === undefined ? {} : { class: name }),
    ...(jid === undefined ? {} : { ids: [jid] }),
    ...(text === undefined ? {} : { text }),
    ...(place === undefined ? {} : { places: [place] }),
  }
}

async function showMatches(invocation: Invocation<JobsOptions>, query: JobQuery): Promise<void> {
  const { admin, out, now } = invocation
  const found = await admin.find(query)
  if (out.json) writeJson(out, found)
  if (found.jobs.length === 0)
    return nothingFound(invocation, found.ended === 'scan_limit' ? found.scanned : null)
  if (out.json) return
  if (query.ids === undefined) writeTable(out, columnsOf(commonPlace(found.jobs), now), found.jobs)
  else for (const job of found.jobs) writeDetails(out, job, now)
  if (found.ended === 'limit')
    out.write(`\nThere may be more: --offset ${(query.offset ?? 0) + found.jobs.length}`)
  if (found.ended === 'scan_limit')
    out.write(
      `\nOnly the first ${counted(found.scanned, 'job')} were looked at; name a PLACE to look further.`,
    )
}

function nothingFound({ out }: Invocation<JobsOptions>, lookedAt: number | null): void {
  const limit = lookedAt === null ? '' : ` among the first ${counted(lookedAt, 'job')}`
  out.fail({
    code: 'jobs.unmatched',
    what: `no job matches${limit}`,
    expected: 'a job that waits, runs, failed or died; finished ones are not kept',
    next:
      lookedAt === null ? 'look again without one of the filters' : 'name a PLACE, so that less is searched',
    exitCode: EXIT.nothingMatched,
  })
}

/** null when the jobs are in several places. */
function commonPlace(jobs: readonly JobView[]): PlaceName | null {
  const places = new Set(jobs.map(({ place }) => place))
  return places.size === 1 ? jobs[0]!.place : null
}

async function showPlaces({ admin, out }: Invocation<unknown>): Promise<void> {
  const [{ inFlight, retries, scheduled, dead }, queues] = await Promise.all([admin.stats(1), admin.queues()])
  const sets = Object.entries({ running: inFlight, retry: retries, scheduled, dead })
  const waiting = queues.map(({ name, size }): [string, number] => [`queue:${name}`, size])
  const places = [...sets, ...waiting].map(([place, size]) => ({ place, size }))
  if (out.json) return writeJson(out, { places })
  writeTable(
    out,
    [
      { head: 'PLACE', cell: ({ place }) => place },
      { head: 'JOBS', right: true, cell: ({ size }) => number(size) },
    ],
    places,
  )
  out.write('\nTo see the jobs: capstan jobs PLACE')
}
