import type { Bench } from '../bench.ts'
import type { Machine } from '../machine.ts'
import type { Plan } from '../plan.ts'
import { readable } from '../statistics.ts'
import { goals } from './goals.ts'
import { headlines, ratioTable } from './ratios.ts'
import { tables } from './tables.ts'

/** Where, when and with what a run was made. */
export interface Facts extends Machine {
  readonly command: string
  readonly rounds: number
  readonly seconds: number
  readonly versions: Readonly<Record<string, string>>
}

/** docs/internals/benchmarks.md of one run. */
export function page({ samples, subjects, plan, remarks }: Bench, facts: Facts): string {
  return `<!-- Written by \`${facts.command}\`; do not edit. -->

# Benchmarks

![Jobs a second of one worker process](benchmarks.svg)

${headlines(samples)}

${circumstances(facts)}

${how(plan, facts)}

## Durability

What a job that was accepted survives:

${subjects.map(({ name, durability }) => `- ${name}: ${durability}`).join('\n')}
${remarks.map((remark) => `\n- not measured to the end: ${remark}`).join('')}
## Ratios

Capstan on Redis as times each other, round by round: median (least–most).

${ratioTable(samples)}

## Against what we want

| what | wanted | is | |
| --- | --: | --: | --- |
${goals(samples)
  .map(
    ({ what, goal, value, met }) =>
      `| ${what} | ${goal} | ${value === null ? '–' : readable(value)} | ${verdict(value, met)} |`,
  )
  .join('\n')}

## Figures

Median (least–most).

${tables(samples)}`
}

function circumstances({ command, date, seconds, hardware, system, load, versions }: Facts): string {
  const all = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `\`${command}\` on ${date}, in ${Math.floor(seconds / 60)} min ${seconds % 60} s. Machine: ${hardware}, ${system}.
Load average of the last minute and the last five, at the start: ${load}.
${all.join(', ')}.`
}

function how({ memory, apartRounds }: Plan, { rounds }: Facts): string {
  const [ours, theirs] = [memory.jobs, memory.peerJobs].map((jobs) =>
    (jobs * memory.portions).toLocaleString('en'),
  )
  return `All subjects are measured in turn, ${rounds} rounds (start-up, growth and several processes: ${apartRounds}; memory and idle
workers: one), on servers of the run's own behind unix sockets: what else the machine does falls on all of them, and
ratios say more than figures. Each works in a process of its own and enqueues from another. In every measure each job
ran exactly once, or the run would have failed. "C" is the concurrency. The clock runs from the first job's begin to
the last one's end; CPU is that of the worker process and of the server between those. Payloads have about 250 bytes.

Peers have the settings that their documentation advises for speed; they stand in the files of \`bench/peers/\`. pg-boss
fetches at least 100 jobs at a time and runs as many at once as C says. Sidekiq is not measured above 50 threads, as its
documentation advises. Commands of PostgreSQL are transactions that write. Limits: "RPOP in batches" is a bare socket that
pops, parses and awaits, waits by BRPOP, and loses the jobs of a process that dies: nothing that goes through Redis picks
up sooner. "LMOVE by a socket" moves each job to another list and leaves it there; \`redis-benchmark\` has one connection and 64 commands in flight, LPUSH and LMOVE.

"Half load": jobs of 50 ms, one every 10 ms, for 10 slots. Several processes have C=10 each, and each has run two such
shares alone before. Start-up is \`capstan work\` as installed, to its ready line, but for peers only a bare Node (or Ruby) and
a ready worker. Memory is that of the worker process after ${ours} jobs (peers: ${theirs}). Growth is that of Capstan on Redis at C=100;
a backlog of 1,000 comes again and again to a worker that is up, the others are there when it begins.`
}

function verdict(value: number | null, met: boolean): string {
  if (value === null) return 'not measured'
  return met ? 'met' : 'missed'
}
