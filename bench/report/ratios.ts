import type { Samples } from '../samples.ts'
import { row, withRange } from './tables.ts'

const US = 'Capstan, Redis'
const RATES = /^(enqueue|process),/

/** The three that say most, as a list: no-op jobs over BullMQ and Sidekiq, and bulk enqueuing. */
export function headlines(samples: Samples): string {
  const over = (measure: string, subject: string) =>
    withRange(samples.ratio({ measure, subject: US }, { measure, subject }))
  return [
    `- No-op jobs, 10 at a time in one process: **${over('process, C=10', 'BullMQ')} times** as many a second as BullMQ.`,
    `- The same: **${over('process, C=10', 'Sidekiq')} times** as many a second as Sidekiq.`,
    `- Enqueued in bulk: **${over('enqueue, bulk of 1,000', 'BullMQ')} times** as many a second as BullMQ.`,
  ].join('\n')
}

/** Every rate of Capstan on Redis as times that of each other subject. */
export function ratioTable(samples: Samples): string {
  const measures = samples.measures().filter(({ measure }) => RATES.test(measure))
  const others = samples.subjects(measures.map(({ measure }) => measure)).filter((subject) => subject !== US)
  const lines = measures.map(({ measure }) => [
    measure,
    ...others.map((subject) => withRange(samples.ratio({ measure, subject: US }, { measure, subject }))),
  ])
  const head = [row(['', ...others]), row(['---', ...others.map(() => '--:')])]
  return [...head, ...lines.map(row)].join('\n')
}
