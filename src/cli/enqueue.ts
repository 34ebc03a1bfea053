import type { Client } from '../client/client.ts'
import { defaultClient } from '../client/default-client.ts'
import { capsulesOf } from '../config/check-config.ts'
import type { CapstanConfig } from '../config/config.ts'
import { loadJobs } from '../config/load-jobs.ts'
import type { Definition } from '../job/definition.ts'
import type { Registry } from '../job/registry.ts'
import { meant } from '../kernel/check.ts'
import { durationOption } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Session } from './session.ts'
import { queueNames } from './unserved-queues.ts'

export interface EnqueueFlags {
  readonly in?: string
  readonly queue?: string
}

/** Enqueues one job by its name; the arguments are JSON, and what is not JSON is taken as a string. */
export async function enqueue(
  session: Session,
  name: string,
  given: { words: string[]; flags: EnqueueFlags },
): Promise<string | null> {
  const { config, directory } = await session.config()
  const definition = named(await loadJobs(directory, config.jobs), name)
  const { in: delay, queue } = given.flags
  const delayMs = delay === undefined ? null : durationOption(delay, '--in')
  // Only now: wrong usage makes no store.
  await session.store()
  const client: Client = defaultClient()
  const at = delayMs === null ? null : client.clock.now() + delayMs
  if (queue !== undefined) warnOfUntaken(queue, config, session.runtime.logger)
  return client.enqueue(definition, given.words.map(argument), {
    at,
    ...(queue === undefined ? {} : { queue }),
  })
}

/** Workers elsewhere may take it; so it is no error. A configuration that names no queues says nothing of them. */
function warnOfUntaken(queue: string, config: CapstanConfig, logger: Logger): void {
  if (config.queues === undefined && config.capsules === undefined) return
  const taken = queueNames(capsulesOf(config))
  if (taken.includes(queue)) return
  logger.warn(
    `no worker of this configuration takes queue "${queue}" (${meant(queue, taken)}); if it is right, another must: capstan work --queue ${queue}`,
  )
}

function named(jobs: Registry, name: string): Definition {
  const definition = jobs.get(name)
  if (definition !== undefined) return definition
  throw new UsageError('job.unknown', `no job is called "${name}"; ${meant(name, jobs.names())}`)
}

function argument(word: string): unknown {
  try {
    return JSON.parse(word)
  } catch {
    return word
  }
}
