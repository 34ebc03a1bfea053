import { after, before } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { openRedisStore } from '../../src/store/redis/index.ts'
import { type RedisServer, startRedisServer } from '../system/redis-server.ts'
import { storeContract } from './store-contract.ts'

const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }
let server: RedisServer
before(async () => {
  server = await startRedisServer()
})
after(() => server.stop())

storeContract({
  name: 'redis',
  open: async (options) => {
    // The server is private to this file and ends with it, so that a state needs no removal.
    const keyPrefix = `${runtime.random.hex(8)}:`
    return {
      connect: () => openRedisStore(runtime, { url: server.url, keyPrefix, ...options }),
      dispose: async () => undefined,
    }
  },
})
