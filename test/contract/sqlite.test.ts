import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { systemRandom } from '../../src/kernel/random.ts'
import { openSqliteStore } from '../../src/store/sqlite/index.ts'
import { storeContract } from './store-contract.ts'

const runtime = { clock: systemClock, random: systemRandom(), logger: silentLogger }

storeContract({
  name: 'sqlite',
  open: async (options) => {
    const folder = await mkdtemp(join(tmpdir(), 'capstan-sqlite-'))
    return {
      connect: () =>
        openSqliteStore(runtime, {
          path: join(folder, 'jobs.sqlite'),
          durability: 'process-crash',
          ...options,
        }),
      dispose: () => rm(folder, { recursive: true }),
    }
  },
})
