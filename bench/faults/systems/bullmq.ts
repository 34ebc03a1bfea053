import { join } from 'node:path'
import { startRedisServer } from '../../../test/system/redis-server.ts'
import { bullmqVersion } from '../peers/load-bullmq.ts'
import {
  CONCURRENCY,
  type Launch,
  loadEnvironment,
  type Site,
  STOP_TIMEOUT_S,
  type System,
} from '../system.ts'
import { noRedis } from './capstan-redis.ts'

const PEERS = join(import.meta.dirname, '../peers')
const version = bullmqVersion()

export const bullmq: System = {
  name: 'BullMQ',
  isOurs: false,
  keepsJobsIn: 'redis',
  isSlowToRecover: true,
  hasEventLoop: true,
  version: version ?? '',
  missing: version === null ? 'BullMQ is not installed (bin/faults does that)' : noRedis,
  open,
}

async function open(directory: string): Promise<Site> {
  const server = await startRedisServer({ appendOnly: true })
  const numbers = (words: string) => words.split('\n').reduce((sum, word) => sum + Number(word), 0)
  const launch = (file: string, url: string | undefined, environment: Record<string, string>): Launch => ({
    command: process.execPath,
    args: [join(PEERS, file)],
    directory,
    environment: {
      ...{ REDIS_URL: url ?? server.url, CONCURRENCY: String(CONCURRENCY), DIARY: join(directory, 'diary') },
      ...environment,
    },
  })
  return {
    server,
    file: null,
    worker: ({ url }) => launch('bullmq-worker.ts', url, { STOP_TIMEOUT_S: String(STOP_TIMEOUT_S) }),
    client: (settings) => launch('bullmq-client.ts', settings.url, loadEnvironment(settings, directory)),
    async unfinished() {
      const key = (name: string) => `bull:default:${name}`
      const lists = ['wait', 'active', 'paused'].map((name) => server.command('LLEN', key(name)))
      const sets = ['delayed', 'prioritized'].map((name) => server.command('ZCARD', key(name)))
      return numbers((await Promise.all([...lists, ...sets])).join('\n'))
    },
    async failed() {
      const script =
        "local t = {} for i, id in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do t[i] = redis.call('HGET', ARGV[1] .. id, 'data') end return t"
      const lines = await server.command('EVAL', script, '1', 'bull:default:failed', 'bull:default:')
      return lines
        .split('\n')
        .filter(Boolean)
        .map((data) => String(JSON.parse(data).args[0]))
    },
    close: () => server.stop(),
  }
}
