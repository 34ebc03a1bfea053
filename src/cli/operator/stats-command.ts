import type { Command } from 'commander'
import { writeJson } from '../output.ts'
import { acts, operatorCommand, wholeNumber } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { writeTable } from './table.ts'
import { number } from './words.ts'

interface StatsOptions {
  readonly days: string
}

interface Day {
  readonly date: string
  readonly processed: number
  readonly failed: number
}

/** `capstan stats`: totals, and what was done on each of the last days. */
export function statsCommand(context: OperatorContext): Command {
  return operatorCommand('stats', {
    about:
      'Show how many jobs wait, run, failed and died, and what was done on each of the last days (UTC). ' +
      'Workers count with their heartbeats: a job may be in these numbers up to 5 s after its end.',
    examples: ['capstan stats', 'capstan stats --days 30 --json'],
  })
    .option('--days <count>', 'how many days, today included', '7')
    .action(
      acts<StatsOptions>(context, async ({ admin, out, options }) => {
        const stats = await admin.stats(wholeNumber(options.days, '--days', 1))
        if (out.json) return writeJson(out, stats)
        const { processed, failed, enqueued, inFlight, scheduled, retries, dead, workers, days } = stats
        const totals = {
          enqueued,
          running: inFlight,
          retry: retries,
          scheduled,
          dead,
          workers,
          processed,
          failed,
        }
        const value = { head: 'COUNT', right: true, cell: (row: [string, number]) => number(row[1]) }
        writeTable(out, [{ head: 'NOW', cell: ([name]) => name }, value], Object.entries(totals))
        out.write('')
        writeTable<Day>(
          out,
          [
            { head: 'DAY', cell: ({ date }) => date },
            { head: 'PROCESSED', right: true, cell: (day) => number(day.processed) },
            {
              head: 'FAILED',
              right: true,
              cell: (day) => number(day.failed),
              colour: (day) => (day.failed > 0 ? 'red' : null),
            },
          ],
          days,
        )
      }),
    )
}
