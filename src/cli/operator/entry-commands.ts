import type { Command } from 'commander'
import type { PlaceName } from '../../admin/index.ts'
import { UsageError } from '../../kernel/errors.ts'
import { EXIT, printable, writeJson } from '../output.ts'
import { actOnJobs, type Deed } from './job-deeds.ts'
import { knownPlace } from './known-place.ts'
import { acts, type Invocation, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { counted } from './words.ts'

interface EntryOptions {
  readonly in?: string
}

interface RetryOptions extends EntryOptions {
  readonly all?: boolean
  readonly class?: string
  readonly text?: string
}

/** `capstan retry JID…`: failed, dead or scheduled jobs run now. */
export function retryCommand(context: OperatorContext): Command {
  return operatorCommand('retry [jid...]', {
    about:
      'Run failed, dead or scheduled jobs now: they go to the back of their queues. The retries they have left stay the same.',
    examples: ['capstan retry 3b7c032b9502a04a278849d5', 'capstan retry --all --in dead --class Thumbnail'],
  })
    .option('--all', 'all jobs of the place given with --in')
    .option('--in <place>', 'look only there: dead, retry or scheduled')
    .option('--class <name>', 'with --all: only jobs of this class')
    .option('--text <text>', 'with --all: only jobs with this text anywhere in them')
    .action(
      acts<RetryOptions>(context, async (invocation, ids: string[]) => {
        const { all, class: name, text } = invocation.options
        if (ids.length > 0 === (all === true))
          throw new UsageError(
            'options.invalid',
            'retry: expected either jids, or --all with --in dead (or retry, scheduled)',
          )
        if (all !== true && (name !== undefined || text !== undefined))
          throw new UsageError('options.invalid', 'retry: --class and --text go with --all')
        return all ? retryWhole(invocation) : onEntries(invocation, ids, RETRY)
      }),
    )
}

/** `capstan kill JID…`: to the dead set. */
export function killCommand(context: OperatorContext): Command {
  return operatorCommand('kill <jid...>', {
    about:
      'Move jobs that wait or failed to the dead set. They are kept there, and "capstan retry" brings them back.',
    examples: ['capstan kill 3b7c032b9502a04a278849d5'],
  })
    .option('--in <place>', 'look only there')
    .action(acts<EntryOptions>(context, (invocation, ids: string[]) => onEntries(invocation, ids, KILL)))
}

/** `capstan delete JID…`: gone for good. */
export function deleteCommand(context: OperatorContext): Command {
  return operatorCommand('delete <jid...>', {
    about: 'Delete jobs that wait, failed or died, for good.',
    examples: [
      'capstan delete 3b7c032b9502a04a278849d5',
      'capstan delete 3b7c032b9502a04a278849d5 --in dead',
    ],
  })
    .option('--in <place>', 'look only there')
    .action(acts<EntryOptions>(context, (invocation, ids: string[]) => onEntries(invocation, ids, DELETE)))
}

const RETRY: Deed = {
  verb: 'retry',
  act: (admin, job) => admin.retry(job),
  done: ({ place, queue }) => `Retried: moved from ${place} to queue:${queue ?? 'default'}`,
}
const KILL: Deed = {
  verb: 'kill',
  act: (admin, job) => admin.kill(job),
  done: ({ place }) => `Killed: moved from ${place} to dead`,
}
const DELETE: Deed = {
  verb: 'delete',
  act: (admin, job) => admin.delete(job),
  done: ({ place }) => `Deleted from ${place}`,
}

async function onEntries(
  invocation: Invocation<EntryOptions>,
  ids: readonly string[],
  deed: Deed,
): Promise<void> {
  const place = await placeGiven(invocation)
  if (place === null) return
  return actOnJobs(invocation, deed, place === undefined ? { ids } : { ids, places: [place] })
}

/** undefined: none was given; null: it is not known, which was said. */
async function placeGiven({
  admin,
  out,
  options,
}: Invocation<EntryOptions>): Promise<PlaceName | undefined | null> {
  if (options.in === undefined) return undefined
  const known = await knownPlace(admin, options.in)
  if ('name' in known) return known.name
  out.fail(known.problem)
  return null
}

const RETRYABLE: readonly PlaceName[] = ['dead', 'retry', 'scheduled']

async function retryWhole(invocation: Invocation<RetryOptions>): Promise<void> {
  const { admin, out, options } = invocation
  const place = await placeGiven(invocation)
  if (place === null) return
  if (place === undefined || !RETRYABLE.includes(place)) {
    const given = options.in === undefined ? 'nothing' : `"${options.in}"`
    throw new UsageError(
      'options.invalid',
      `retry --all: expected --in dead, --in retry or --in scheduled, got ${given}`,
    )
  }
  const { retried, malformed } = await admin.retryAll(place, {
    ...(options.class === undefined ? {} : { class: options.class }),
    ...(options.text === undefined ? {} : { text: options.text }),
  })
  if (out.json) writeJson(out, { place, retried, malformed })
  else if (retried > 0)
    out.write(`Retried ${counted(retried, 'job')} from ${place}: they wait in their queues now.`)
  if (malformed > 0)
    out.note(
      `${counted(malformed, 'malformed job')} left in ${printable(place)}: no worker could run them (capstan jobs ${place}).`,
    )
  if (retried === 0)
    out.fail({
      code: 'jobs.unmatched',
      what: `no job in ${place} to retry`,
      expected: 'at least one that matches',
      next: `capstan jobs ${place}`,
      exitCode: EXIT.nothingMatched,
    })
}
