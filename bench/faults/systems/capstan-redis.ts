import { existsSync } from 'node:fs'
import { openRedisStore } from '../../../src/store/redis/index.ts'
import { startRedisServer } from '../../../test/system/redis-server.ts'
import type { Site, System } from '../system.ts'
import { capstanRuntime, capstanSite, capstanVersion } from './capstan.ts'

export const noRedis = existsSync('/usr/bin/redis-server') ? null : 'there is no redis-server here'

export const capstanRedis: System = {
  name: 'capstan, Redis',
  isOurs: true,
  keepsJobsIn: 'redis',
  isSlowToRecover: false,
  hasEventLoop: true,
  version: capstanVersion,
  missing: noRedis,
  async open(directory): Promise<Site> {
    const server = await startRedisServer({ appendOnly: true })
    const store = await openRedisStore(capstanRuntime, { url: server.url })
    const environment = (url = server.url) => ({ REDIS_URL: url })
    return capstanSite({ store, directory, server, file: null, environment })
  },
}
