import type { Command } from 'commander'
import type { QueueView } from '../../admin/index.ts'
import { writeJson } from '../output.ts'
import { type ClearOptions, clearPlace } from './clear-command.ts'
import { knownQueue } from './known-place.ts'
import { acts, type Invocation, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { type Column, writeTable } from './table.ts'
import { lengthOfTime, number } from './words.ts'

const COLUMNS: readonly Column<QueueView>[] = [
  { head: 'QUEUE', cell: ({ name }) => name },
  { head: 'SIZE', right: true, cell: ({ size }) => number(size) },
  { head: 'OLDEST WAITS', right: true, cell: oldestWaits },
  {
    head: 'STATE',
    cell: stateOf,
    colour: ({ paused, broken }) => (broken !== undefined ? 'red' : paused ? 'yellow' : null),
  },
]

/** `capstan queues`: sizes, how long the oldest job waits, and which are paused. */
export function queuesCommand(context: OperatorContext): Command {
  return operatorCommand('queues', {
    about:
      'Show the queues: how many jobs wait, for how long the oldest of them has (? where it does not say since when), ' +
      'and whether workers may take it. With --json that time is latencyMs: 0 for an empty queue, null for ?.',
    examples: ['capstan queues', 'capstan queues --clear mail --yes'],
  })
    .option('--clear <name>', 'delete all jobs that wait in this queue')
    .option('--yes', 'clear without asking')
    .action(
      acts<ClearOptions & { clear?: string }>(context, async (invocation) => {
        const { clear } = invocation.options
        if (clear === undefined) return showQueues(invocation)
        const known = await knownQueue(invocation.admin, clear)
        return 'problem' in known
          ? invocation.out.fail(known.problem)
          : clearPlace(invocation, `queue:${clear}`)
      }),
    )
}

function stateOf({ paused, broken }: QueueView): string {
  if (broken !== undefined) return `broken: ${broken}`
  return paused ? 'paused' : 'open'
}

function oldestWaits({ size, latencyMs }: QueueView): string {
  if (size === 0) return '-'
  return latencyMs === null ? '?' : lengthOfTime(latencyMs)
}

async function showQueues({ admin, out }: Invocation<unknown>): Promise<void> {
  const queues = await admin.queues()
  if (out.json) return writeJson(out, { queues })
  if (queues.length === 0)
    return out.write('No queues: no job was enqueued in this store yet, or all queues were cleared.')
  writeTable(out, COLUMNS, queues)
}
