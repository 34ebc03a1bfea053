import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { systemRuntime } from '../../../src/kernel/runtime.ts'
import type { Store } from '../../../src/store/store.ts'
import type { RedisServer } from '../../../test/system/redis-server.ts'
import {
  CONCURRENCY,
  type KeptPayload,
  type Launch,
  loadEnvironment,
  type Site,
  STOP_TIMEOUT_S,
} from '../system.ts'

const ROOT = join(import.meta.dirname, '../../..')
const APP = join(import.meta.dirname, '../app')
const FROM_SOURCE = '--conditions=capstan-source'

export const capstanVersion = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version as string

export const capstanRuntime = systemRuntime(silentLogger)

interface CapstanParts {
  readonly store: Store
  readonly directory: string
  readonly server: RedisServer | null
  readonly file: string | null
  /** Of the worker and the client; the URL is that of a proxy, or the store's own. */
  environment(url: string | undefined): Record<string, string>
}

/** Capstan on either store: the same processes, told apart by their environment. */
export function capstanSite({ store, directory, server, file, environment }: CapstanParts): Site {
  const launch = (args: string[], url: string | undefined, more: Record<string, string>): Launch => ({
    command: process.execPath,
    args: [FROM_SOURCE, ...args],
    directory: APP,
    environment: {
      ...{ CONCURRENCY: String(CONCURRENCY), DIARY: join(directory, 'diary') },
      ...environment(url),
      ...more,
    },
  })
  return {
    server,
    file,
    worker: ({ url }) =>
      launch([join(ROOT, 'bin/capstan.cjs'), 'work', '--timeout', `${STOP_TIMEOUT_S}s`], url, {}),
    client: (settings) => launch(['client.ts'], settings.url, loadEnvironment(settings, directory)),
    async unfinished() {
      const { enqueued, inFlight, retries, scheduled } = await store.stats(Date.now(), 1)
      return enqueued + inFlight + retries + scheduled
    },
    async failed() {
      return (await kept(store)).map(({ payload }) => idOf(payload))
    },
    pushRaw: (payloads) =>
      store.push({
        token: 'raw',
        now: Date.now(),
        jobs: payloads.map((payload) => ({ queue: 'default', payload, at: null })),
      }),
    kept: () => kept(store),
    async close() {
      await store.close()
      await server?.stop()
    },
  }
}

async function kept(store: Store): Promise<KeptPayload[]> {
  const entries = await store.list({ set: 'dead' }, { offset: 0, limit: 9_999 })
  return entries.map(({ payload, reason }) => ({ payload, hasReason: reason !== null && reason !== '' }))
}

/** The id that the client gave, wherever in the wire's payload it stands; '' in one that cannot be read. */
export function idOf(payload: string): string {
  try {
    return String(JSON.parse(payload).args[0])
  } catch {
    return ''
  }
}
