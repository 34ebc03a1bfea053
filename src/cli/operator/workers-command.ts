import type { Command } from 'commander'
import type { JobView } from '../../admin/index.ts'
import { type Output, paint, writeJson } from '../output.ts'
import { acts, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { DEAD, type SeenWorker, seenWorkers } from './seen-workers.ts'
import { type Column, writeTable } from './table.ts'
import { counted, fromNow, lengthOfTime, number } from './words.ts'

/** `capstan workers`: the processes, whether they live, and what they run. */
export function workersCommand(context: OperatorContext): Command {
  return operatorCommand('workers', {
    about: 'Show the worker processes, when they were last heard of, and the jobs they run.',
    examples: ['capstan workers', 'capstan workers --json'],
  }).action(
    acts<unknown>(context, async ({ admin, out, now }) => {
      const workers = await seenWorkers(admin, await context.store())
      if (out.json) writeJson(out, { workers })
      else if (workers.length === 0) out.write(NOBODY)
      else showWorkers(out, workers, now)
    }),
  )
}

const NOBODY =
  'No workers are registered: nothing runs. Start one with "capstan work", or see whether its service is up.'

function showWorkers(out: Output, workers: readonly SeenWorker[], now: number): void {
  writeTable(out, workerColumns(now), workers)
  const running = workers.flatMap((worker) => worker.running)
  if (running.length > 0) {
    out.write('')
    writeTable(out, runningColumns(now), running)
  }
  for (const state of [DEAD, 'silent'] as const) {
    const count = workers.filter((worker) => worker.state === state).length
    if (count > 0) out.write(`\n${paint(out, 'red', `${counted(count, 'worker')} ${LOST[state]}`)}`)
  }
}

const RESCUE = 'Any living worker recovers the jobs; "capstan recover" does it now.'
const LOST = {
  dead: `dead: the process is gone from this host. ${RESCUE}`,
  silent: `silent: presumed dead. ${RESCUE}`,
}

const STATE_COLOUR = { working: 'green', quiet: 'yellow', silent: 'red', dead: 'red' } as const

function workerColumns(now: number): Column<SeenWorker>[] {
  return [
    { head: 'WORKER', cell: ({ identity }) => identity },
    { head: 'STATE', cell: ({ state }) => state, colour: ({ state }) => STATE_COLOUR[state] },
    { head: 'BUSY', right: true, cell: ({ running, concurrency }) => `${running.length}/${concurrency}` },
    { head: 'HEARD', right: true, cell: ({ beatAt }) => fromNow(beatAt, now) },
    { head: 'STARTED', right: true, cell: ({ startedAt }) => fromNow(startedAt, now) },
    { head: 'MEMORY', right: true, cell: ({ rssKib }) => `${number(Math.round(rssKib / 1024))} MiB` },
    { head: 'QUEUES', flexible: true, cell: ({ queues }) => queues.join(',') },
    {
      head: 'TAG',
      flexible: true,
      cell: ({ tag, labels }) => [tag, ...labels].filter((text) => text !== '').join(' '),
    },
  ]
}

/** Also for `capstan jobs running`. */
export function runningColumns(now: number): Column<JobView>[] {
  return [
    { head: 'JID', cell: ({ id }) => id },
    { head: 'CLASS', flexible: true, cell: ({ name }) => name },
    {
      head: 'ARGS',
      flexible: true,
      cell: ({ argsText, malformed, payload }) => (malformed === null ? argsText : payload),
    },
    { head: 'QUEUE', cell: ({ queue }) => queue ?? '?' },
    {
      head: 'RUNNING FOR',
      right: true,
      cell: ({ startedAt }) => lengthOfTime(Math.max(0, now - (startedAt ?? now))),
    },
    { head: 'WORKER', flexible: true, cell: ({ worker }) => worker ?? '?' },
  ]
}
