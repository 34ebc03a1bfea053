import type { Command } from 'commander'
import { writeJson } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { acts, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { type Column, writeTable } from './table.ts'
import { number } from './words.ts'

interface StatsOptions {
  readonly days: string
}

/** Runs that ended, those that failed among them, on one day or in all. */
interface Runs {
  readonly date: string
  readonly processed: number
  readonly failed: number
}

/** `capstan stats`: what is there now, and what was done on each of the last days and since the start. */
export function statsCommand(context: OperatorContext): Command {
  return operatorCommand('stats', {
    about:
      'Show how many jobs wait, run, retry and are dead now, and how many runs ended (processed), of them with ' +
      'an error (failed): on each of the last days (UTC), and since the start, which is when the store was made or ' +
      "Sidekiq's counters in it were last reset. Workers count with their heartbeats: a run may be in these numbers up " +
      'to 5 s after its end.',
    examples: ['capstan stats', 'capstan stats --days 30 --json'],
  })
    .option('--days <count>', 'how many days, today included', '7')
    .action(
      acts<StatsOptions>(context, async ({ admin, out, options }) => {
        const stats = await admin.stats(wholeNumber(options.days, '--days', 1))
        if (out.json) return writeJson(out, stats)
        const { processed, failed, enqueued, inFlight, scheduled, retries, dead, workers, days } = stats
        const now = { enqueued, running: inFlight, retry: retries, scheduled, dead, workers }
        writeTable(out, NOW_COLUMNS, Object.entries(now))
        out.write('')
        writeTable(out, RUNS_COLUMNS, [...days, { date: 'since the start', processed, failed }])
      }),
    )
}

const NOW_COLUMNS: readonly Column<[string, number]>[] = [
  { head: 'NOW', cell: ([name]) => name },
  { head: 'COUNT', right: true, cell: ([, count]) => number(count) },
]

const RUNS_COLUMNS: readonly Column<Runs>[] = [
  { head: 'DAY', cell: ({ date }) => date },
  { head: 'PROCESSED', right: true, cell: ({ processed }) => number(processed) },
  {
    head: 'FAILED',
    right: true,
    cell: ({ failed }) => number(failed),
    colour: ({ failed }) => (failed > 0 ? 'red' : null),
  },
]
