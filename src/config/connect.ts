import { Client } from '../client/client.ts'
import { setDefaultClient } from '../client/default-client.ts'
import { refuseUnknown } from '../kernel/check.ts'
import { UsageError } from '../kernel/errors.ts'
import { type Logger, silentLogger } from '../kernel/logger.ts'
import { systemRuntime } from '../kernel/runtime.ts'
import type { Store } from '../store/store.ts'
import { checkConfig } from './check-config.ts'
import type { CapstanConfig } from './config.ts'
import { loadConfig } from './load-config.ts'
import { openStore } from './open-store.ts'

export interface ConnectOptions {
  /** In place of the `capstan.config.ts` in `directory`. */
  readonly config?: CapstanConfig
  /** Where to look for the configuration, and what relative paths count from. Default: the working directory. */
  readonly directory?: string
  readonly logger?: Logger
}

/** A program's way to the store. `await using` closes it. */
export interface Connection extends AsyncDisposable {
  readonly client: Client
  readonly store: Store
  close(): Promise<void>
}

/**
 * Opens the store that the configuration names and makes it the one that `job.enqueue()` uses.
 * @throws UsageError for a configuration that cannot be, StoreError when the store does not answer
 */
export async function connect(options: ConnectOptions = {}): Promise<Connection> {
  checkOptions(options)
  const directory = options.directory ?? '.'
  const loaded =
    options.config === undefined
      ? await loadConfig(directory)
      : { config: checkConfig(options.config, 'connect'), file: null, directory }
  const runtime = systemRuntime(options.logger ?? silentLogger)
  const store = await openStore(runtime, loaded)
  const client = new Client(runtime, store, { middleware: loaded.config.clientMiddleware ?? [] })
  setDefaultClient(client)
  const close = async () => {
    setDefaultClient(null)
    await store.close()
  }
  return { client, store, close, [Symbol.asyncDispose]: close }
}

/** Not only a compiler's task: an option that is none would open the default store without a word. */
function checkOptions(options: unknown): void {
  if (typeof options !== 'object' || options === null) {
    // A text is not shown: it may be a URL with a password.
    const advice = 'the store is named in capstan.config.ts, or by { config: { store: … } }'
    throw new UsageError('config.invalid', `connect: expected an object, got a ${typeof options}; ${advice}`)
  }
  refuseUnknown(Object.keys(options), ['config', 'directory', 'logger'], 'connect')
}
