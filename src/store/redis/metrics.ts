import type { EpochMs } from '../../kernel/clock.ts'
import type { Executions } from '../executions.ts'
import type { Command } from './command.ts'
import type { Ground } from './ground.ts'
import { counterKeys, histogramKey, type MetricsForm, MINUTE_SECONDS } from './metrics-keys.ts'

/** Adds executions to the metrics that Sidekiq's page shows, in its form, under the minute of `now`. */
export async function writeMetrics(
  { client, keys }: Ground,
  form: MetricsForm,
  { now, executions }: { now: EpochMs; executions: readonly Executions[] },
): Promise<void> {
  if (executions.length === 0) return
  const commands: Command[] = []
  for (const { key, seconds } of counterKeys(form, now)) {
    const name = keys.prefix + key
    for (const each of executions)
      for (const [field, count] of countsOf(each)) commands.push(['HINCRBY', name, field, count])
    commands.push(['EXPIRE', name, seconds])
  }
  for (const { name, histogram } of executions) {
    const steps = histogram.flatMap((count, step) =>
      count === 0 ? [] : ['INCRBY', 'u16', `#${step}`, count],
    )
    if (steps.length === 0) continue
    const key = keys.prefix + histogramKey(form, name, now)
    commands.push(['BITFIELD', key, 'OVERFLOW', 'SAT', ...steps], ['EXPIRE', key, MINUTE_SECONDS])
  }
  await Promise.all(commands.map((command) => client.command(command)))
}

function countsOf({ name, processed, failed, elapsedMs }: Executions): Array<[string, number]> {
  const counts: Array<[string, number]> = [
    [`${name}|p`, processed],
    [`${name}|f`, failed],
    [`${name}|ms`, elapsedMs],
  ]
  return counts.filter(([, count]) => count !== 0)
}
