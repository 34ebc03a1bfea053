import { execFileSync } from 'node:child_process'
import type { Report } from './cells.ts'
import { byFault, remarks, rowOf, tableHead, verdict } from './report.ts'
import { CALLS_IN_FLIGHT, CONCURRENCY } from './system.ts'

/** docs/internals/faults.md: the report with all that is needed to get it again. */
export function documentOf(report: Report): string {
  const sections = byFault(report).flatMap(({ title, cells }) => {
    const rows = cells.flatMap((cell) => rowOf(cell, report.plan.runs))
    const notes = remarks(cells).map((remark) => `- ${remark}`)
    return [
      `## ${title}`,
      '',
      ...(rows.length > 0 ? [...table([[...tableHead], ...rows]), ''] : []),
      ...notes,
      '',
    ]
  })
  return `${[...introduction(report), ...sections].join('\n').trim()}\n`
}

function introduction(report: Report): string[] {
  const { plan, machine } = report
  const command = `bin/faults${plan.isQuick ? ' --quick' : ''} --runs ${plan.runs} --seed ${plan.seed} --write`
  return [
    `<!-- Written by \`${command}\`; do not edit. -->`,
    '',
    '# Faults',
    '',
    'The same faults, from the same seeded schedule, for every system. Each cell has a store of its own and real',
    `processes: a client with ${CALLS_IN_FLIGHT} calls in flight, one job each, and a worker with ${CONCURRENCY} slots. Every job`,
    'writes a line when it begins and one when it ends, with its process and the time; the tables count those lines',
    'against what enqueue calls were answered. Jobs have no retries, so that whoever takes an interruption for a',
    'failure shows it. Everything else is as it comes: the defaults of each system. Cells run one after the other, but',
    'those that mostly wait (a minute of standing still, and what waits for BullMQ to find its stalled jobs) side by side.',
    '',
    '- *runs*: how often the cell was run; its counts are those of all runs together.',
    '- *accepted*: enqueue calls that were answered well. *left*: still in the store at the end of the wait. *lost*: none of the rest.',
    '- *overlapping*: began while running already, in another process that was alive or in the same one; *for* how long at most. *doubled*: ended more than once.',
    '- *marked failed*: good jobs in the failed or dead set. *waited*: from the end of a process to the next beginning of the jobs it ran.',
    '- *after return*: from the moment the store accepts connections again to the next beginning of a job, the longest.',
    '',
    `Made on ${machine.date} on ${machine.hardware}, ${machine.system}; load average of the last minute and the last five,`,
    `at the start: ${machine.load}.`,
    `Node ${process.version}, SQLite ${process.versions.sqlite}, ${redisVersion()} (append-only file, \`appendfsync always\`).`,
    '',
    '```',
    command,
    verdict(report),
    '```',
    '',
  ]
}

function redisVersion(): string {
  try {
    const words = execFileSync('redis-server', ['--version'], { encoding: 'utf8' })
    return `Redis ${words.match(/v=(\S+)/)?.[1]}`
  } catch {
    return 'no Redis'
  }
}

function table([head = [], ...rows]: readonly string[][]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|---|${'--:|'.repeat(head.length - 1)}`, ...rows.map(line)]
}
