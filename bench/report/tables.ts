import type { Samples } from '../samples.ts'
import { readable, type Spread } from '../statistics.ts'

export const GROUPS: ReadonlyArray<{ readonly title: string; readonly holds: RegExp }> = [
  { title: 'Enqueue, one process', holds: /^enqueue/ },
  { title: 'Process, one worker process', holds: /^process,/ },
  { title: 'CPU of the worker process', holds: /^worker CPU/ },
  { title: 'CPU of the server', holds: /^server CPU/ },
  { title: 'Traffic', holds: /^(commands|round trips|bytes)/ },
  { title: 'Pick-up, idle workers, start-up and memory', holds: /^(pick-up|idle worker|start-up|memory)/ },
  { title: 'Growth', holds: /^(backlog|queues|processes): / },
]

/** Every measure of the run as Markdown tables: a row a measure, a column a subject, `median (least–most)`. */
export function tables(samples: Samples): string {
  return GROUPS.map(({ title, holds }) => {
    const rows = samples.measures().filter(({ measure }) => holds.test(measure))
    return rows.length === 0 ? '' : `### ${title}\n\n${table(samples, rows)}\n`
  })
    .filter((text) => text !== '')
    .join('\n')
}

/** One table; a measure that a subject does not have is a dash. */
export function table(
  samples: Samples,
  rows: ReadonlyArray<{ readonly measure: string; readonly unit: string }>,
): string {
  const subjects = samples.subjects(rows.map(({ measure }) => measure))
  const head = ['', ...subjects]
  const lines = rows.map(({ measure, unit }) => [
    `${measure} (${unit})`,
    ...subjects.map((subject) => cell(samples, measure, subject)),
  ])
  return [row(head), row(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...lines.map(row)].join('\n')
}

export const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

const cell = (samples: Samples, measure: string, subject: string): string =>
  withRange(samples.spread(measure, subject))

/** `median (least–most)`; a dash for what was not measured. */
export function withRange(spread: Spread | null): string {
  if (spread === null) return '–'
  const { median, least, most } = spread
  return least === most ? readable(median) : `${readable(median)} (${readable(least)}–${readable(most)})`
}
