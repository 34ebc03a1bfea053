import type { Samples } from '../samples.ts'
import { readable } from '../statistics.ts'

export const GROUPS: ReadonlyArray<{ readonly title: string; readonly holds: RegExp }> = [
  { title: 'Enqueue, one process', holds: /^enqueue/ },
  { title: 'Process, one worker process', holds: /^process,/ },
  { title: 'CPU of the worker process', holds: /^worker CPU/ },
  { title: 'CPU of the server', holds: /^server CPU/ },
  { title: 'Traffic', holds: /^(commands|round trips|bytes)/ },
  { title: 'Idle, start-up and memory', holds: /^(pick-up|idle|start-up|memory)/ },
  { title: 'Growth', holds: /^(backlog|\d+ (queues|processes))/ },
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

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`

function cell(samples: Samples, measure: string, subject: string): string {
  const spread = samples.spread(measure, subject)
  if (spread === null) return '–'
  const { median, least, most } = spread
  return least === most ? readable(median) : `${readable(median)} (${readable(least)}–${readable(most)})`
}
