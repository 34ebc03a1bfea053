import type { Client } from '../client/client.ts'
import { defaultClient } from '../client/default-client.ts'
import { loadJobs } from '../config/load-jobs.ts'
import type { Definition } from '../job/definition.ts'
import type { Registry } from '../job/registry.ts'
import { meant } from '../kernel/check.ts'
import { durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Session } from './session.ts'

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
  await session.store()
  const client: Client = defaultClient()
  const { in: delay, queue } = given.flags
  const at = delay === undefined ? null : client.clock.now() + durationMs(delay, '--in')
  return client.enqueue(definition, given.words.map(argument), {
    at,
    ...(queue === undefined ? {} : { queue }),
  })
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
