import { UsageError } from '../kernel/errors.ts'
import type { QueuesConfig } from './config.ts'
import { type Setting, withoutColon } from './sidekiq-document.ts'

/**
 * Queues as Sidekiq's file lists them: `name`, `[name, weight]`, `"name,weight"`. One weight above 0 makes all
 * queues weighted, those without one counting 1; otherwise their order is strict.
 * @throws UsageError `config.invalid`
 */
export function sidekiqQueues({ value, origin }: Setting): QueuesConfig {
  const entries = (Array.isArray(value) ? value : [value]).map((entry) => queueOf(entry, origin))
  const names = entries.map(([name]) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    throw invalid(origin, `queue ${twice} is listed twice; its weight is written [${twice}, 2]`)
  if (!entries.some(([, weight]) => weight > 0)) return names
  return Object.fromEntries(entries.map(([name, weight]) => [name, Math.max(weight, 1)]))
}

function queueOf(entry: unknown, origin: string): [name: string, weight: number] {
  const [name, weight = 0, ...more] = typeof entry === 'string' ? entry.split(',') : [entry].flat()
  const isNamed = typeof name === 'string' || typeof name === 'number'
  if (!isNamed || more.length > 0 || !/^\d{1,6}$/.test(String(weight).trim()))
    throw invalid(
      origin,
      `queues: expected name, [name, weight] or "name,weight" (a weight is a whole number), got ${JSON.stringify(entry)}`,
    )
  return [withoutColon(String(name).trim()), Number(weight)]
}

function invalid(origin: string, what: string): UsageError {
  return new UsageError('config.invalid', `${origin}: ${what}`)
}
