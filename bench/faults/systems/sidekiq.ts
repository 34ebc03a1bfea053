import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startRedisServer } from '../../../test/system/redis-server.ts'
import {
  CONCURRENCY,
  type Launch,
  loadEnvironment,
  type Site,
  STOP_TIMEOUT_S,
  type System,
} from '../system.ts'
import { idOf } from './capstan.ts'
import { noRedis } from './capstan-redis.ts'

const PEERS = join(import.meta.dirname, '../peers')
const isInstalled = existsSync('/usr/bin/sidekiq') && existsSync('/usr/bin/ruby')

export const sidekiq: System = {
  name: 'Sidekiq',
  isOurs: false,
  keepsJobsIn: 'redis',
  isSlowToRecover: false,
  hasEventLoop: false,
  version: isInstalled ? installedVersion() : '',
  missing: isInstalled ? noRedis : 'Sidekiq is not installed (Debian: ruby-sidekiq)',
  open,
}

function installedVersion(): string {
  return execFileSync('ruby', ['-e', 'require "sidekiq/version"; print Sidekiq::VERSION'], {
    encoding: 'utf8',
  })
}

async function open(directory: string): Promise<Site> {
  const server = await startRedisServer({ appendOnly: true })
  const launch = (
    [command = '', ...args]: string[],
    url: string | undefined,
    environment: Record<string, string>,
  ): Launch => ({
    command,
    args,
    directory,
    environment: { REDIS_URL: url ?? server.url, DIARY: join(directory, 'diary'), ...environment },
  })
  const jobs = join(PEERS, 'sidekiq-jobs.rb')
  const words = ['sidekiq', '-r', jobs, '-c', String(CONCURRENCY), '-t', String(STOP_TIMEOUT_S)]
  const dead = async () => {
    // An empty text may be an entry: the reply alone does not tell it from an empty set.
    if ((await server.command('ZCARD', 'dead')) === '0') return []
    return (await server.command('ZRANGE', 'dead', '0', '-1')).split('\n')
  }
  return {
    server,
    file: null,
    worker: ({ url }) => launch(words, url, {}),
    client: (settings) =>
      launch(['ruby', join(PEERS, 'sidekiq-client.rb')], settings.url, loadEnvironment(settings, directory)),
    async unfinished() {
      const sizes = [
        server.command('LLEN', 'queue:default'),
        ...['retry', 'schedule'].map((set) => server.command('ZCARD', set)),
      ]
      return (await Promise.all(sizes)).reduce((sum, size) => sum + Number(size), 0)
    },
    failed: async () => (await dead()).map(idOf),
    async pushRaw(payloads) {
      await server.command('SADD', 'queues', 'default')
      await server.command('LPUSH', 'queue:default', ...payloads)
    },
    kept: async () => (await dead()).map((payload) => ({ payload, hasReason: false })),
    close: () => server.stop(),
  }
}
