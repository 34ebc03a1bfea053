import { hostname } from 'node:os'
import { Client } from '../client/client.ts'
import { setDefaultClient } from '../client/default-client.ts'
import { type LoadedConfig, loadConfig } from '../config/load-config.ts'
import { openStore, requireStore } from '../config/open-store.ts'
import type { Runtime } from '../kernel/runtime.ts'
import { systemRuntime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import type { Level } from '../systemd/journal.ts'
import { type Host, linuxHost } from '../worker/host.ts'
import { processLogger } from './log.ts'
import { stderrSink } from './stderr-sink.ts'

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

/** What a command works with: the configuration, and the store once it is asked for. */
export interface Session {
  readonly runtime: Runtime
  readonly options: GlobalOptions
  config(): Promise<LoadedConfig>
  /**
   * Opened at the first call, and again at the next when that failed; `job.enqueue()` uses it from then on.
   *
   * @param existing for who only looks at jobs: UsageError `store.missing` in place of making one
   */
  store(existing?: 'existing'): Promise<Store>
  close(): Promise<void>
}

/** @param level `info`: a long-running process tells what it does; others speak only of trouble */
export function newSession(options: GlobalOptions, level: Level = 'warn'): Session {
  // systemd sets the variable when it restarts a service with RestartMode=debug.
  const isVerbose = options.verbose || process.env.DEBUG_INVOCATION === '1'
  const sink = stderrSink(level === 'warn')
  const runtime = systemRuntime(processLogger(isVerbose ? 'debug' : level, sink))
  let config: Promise<LoadedConfig> | null = null
  let store: Promise<Store> | null = null
  const session: Session = {
    runtime,
    options,
    config: () => (config ??= loadConfig(process.cwd(), options.config)),
    store: (existing) => {
      store ??= opened(session, existing).catch((error: unknown) => {
        store = null
        throw error
      })
      return store
    },
    close: async () => {
      // A store that could not be opened has been reported by whoever asked for it.
      const open = await store?.catch(() => null)
      await open?.close()
    },
  }
  return session
}

async function opened(session: Session, existing?: 'existing'): Promise<Store> {
  const loaded = await session.config()
  if (existing !== undefined) requireStore(loaded)
  const store = await openStore(session.runtime, loaded)
  setDefaultClient(new Client(session.runtime, store, { middleware: loaded.config.clientMiddleware ?? [] }))
  return store
}

/** This process as a host for a worker. */
export function thisHost(): Host {
  const rssKib = () => Math.round(process.memoryUsage.rss() / 1024)
  return linuxHost({ hostname: process.env.DYNO || hostname(), pid: process.pid, rssKib })
}
