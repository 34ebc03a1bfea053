import type { Registry } from '../job/registry.ts'
import type { CapsuleInfo } from '../store/worker-record.ts'

/** Jobs that wait in queues which nobody takes. */
export interface UnservedQueues {
  readonly jobs: readonly string[]
  readonly queues: readonly string[]
}

/** The jobs whose own queue is none of those that are taken; null when there are none. */
export function unservedQueues(jobs: Registry, taken: Iterable<string>): UnservedQueues | null {
  const known = new Set(taken)
  const queueOf = (name: string) => jobs.get(name)!.queue
  const unserved = jobs.names().filter((name) => !known.has(queueOf(name)))
  return unserved.length === 0 ? null : { jobs: unserved, queues: [...new Set(unserved.map(queueOf))] }
}

/** All queues that capsules take. */
export function queueNames(capsules: readonly CapsuleInfo[]): string[] {
  return capsules.flatMap(({ weights }) => Object.keys(weights))
}

/** `jobs Report and Welcome use queues reports and mail`. */
export function unservedText({ jobs, queues }: UnservedQueues): string {
  const [who, use] = jobs.length === 1 ? ['job', 'uses'] : ['jobs', 'use']
  return `${who} ${ENGLISH.format(jobs)} ${use} ${queues.length === 1 ? 'queue' : 'queues'} ${ENGLISH.format(queues)}`
}

const ENGLISH = new Intl.ListFormat('en')
