import { REDIS_BENCHMARK } from '../measures/redis-benchmark.ts'
import type { Samples } from '../samples.ts'
import { RPOP } from '../subjects.ts'

const US = 'Capstan, Redis'
const NORMAL = 'Capstan, SQLite NORMAL'
const BULLMQ = 'BullMQ'

/** A number worked out of a run, and what it should be. */
export interface Goal {
  readonly what: string
  readonly goal: string
  /** null when the run did not measure it. */
  readonly value: number | null
  readonly met: boolean
}

type Figure = readonly [measure: string, subject: string]

/** What the project set out to reach, with what this run reached. */
export function goals(samples: Samples): Goal[] {
  const at = ([measure, subject]: Figure) => samples.median(measure, subject)
  const ratio = (a: Figure, b: Figure) => samples.ratio(place(a), place(b))?.median ?? null
  const overBullmq = (measure: string, subject = US) => ratio([measure, subject], [measure, BULLMQ])
  const us = (measure: string): Figure => [measure, US]
  return [
    least('no-op jobs at C=100, times BullMQ', overBullmq('process, C=100'), 5),
    least('no-op jobs at C=10, times BullMQ', overBullmq('process, C=10'), 3.5),
    least('no-op jobs at C=1, times BullMQ', overBullmq('process, C=1'), 1.8),
    least('no-op jobs at C=10, times Sidekiq', ratio(us('process, C=10'), ['process, C=10', 'Sidekiq']), 6),
    least(
      'no-op jobs at C=100, share of RPOP in batches',
      ratio(us('process, C=100'), ['process, C=100', RPOP]),
      0.5,
    ),
    least(
      'no-op jobs at C=100, share of LMOVE by redis-benchmark',
      ratio(us('process, C=100'), ['process, C=100', REDIS_BENCHMARK]),
      0.25,
    ),
    most('CPU of the worker at C=100, µs per job', at(us('worker CPU, C=100')), 8),
    most('CPU of Redis at C=100, µs per job', at(us('server CPU, C=100')), 3),
    most('4 KB at C=100, times as slow as 250 B', ratio(us('process, C=100'), us('process, C=100, 4 KB')), 3),
    least('bulk enqueue, times BullMQ', overBullmq('enqueue, bulk of 1,000'), 8),
    least('SQLite NORMAL at C=100, times BullMQ', overBullmq('process, C=100', NORMAL), 2),
    most('pick-up p50 of an idle worker, share of BullMQ', overBullmq('pick-up, idle, p50'), 0.333),
    most(
      'memory, growth over the second half of the jobs',
      ratio(us('memory, after all of the jobs'), us('memory, after half of the jobs')),
      1.2,
    ),
    ...growthGoals(samples),
  ]
}

const place = ([measure, subject]: Figure) => ({ measure, subject })

const least = (what: string, value: number | null, goal: number): Goal => ({
  ...{ what, value, goal: `≥ ${goal}`, met: value !== null && value >= goal },
})

const most = (what: string, value: number | null, goal: number): Goal => ({
  ...{ what, value, goal: `≤ ${goal}`, met: value !== null && value <= goal },
})

/** CPU of the worker per job: the largest of each family as times the smallest. */
function growthGoals(samples: Samples): Goal[] {
  const families = [/^backlog: .*: worker CPU/, /^queues: \d+: worker CPU/, /^processes: \d+: worker CPU/]
  const names = ['longer backlog', 'more queues', 'more processes']
  return families.map((family, i) => {
    const measures = samples.measures().filter(({ measure }) => family.test(measure))
    const costs = measures.map(({ measure }) => samples.median(measure, US)).filter((cost) => cost !== null)
    const value = costs.length < 2 ? null : Math.max(...costs) / Math.min(...costs)
    return most(`worker CPU per job with ${names[i]}, times the least`, value, 1.2)
  })
}
