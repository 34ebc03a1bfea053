import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openSqliteStore } from '../../../src/store/sqlite/index.ts'
import type { Site, System } from '../system.ts'
import { capstanRuntime, capstanSite, capstanVersion } from './capstan.ts'

export const capstanSqlite: System = {
  name: 'capstan, SQLite',
  isOurs: true,
  keepsJobsIn: 'file',
  isSlowToRecover: false,
  hasEventLoop: true,
  version: capstanVersion,
  missing: null,
  async open(directory): Promise<Site> {
    // A folder of its own: a fault may want to put it onto another disk before.
    const file = join(directory, 'store', 'jobs.db')
    mkdirSync(join(directory, 'store'), { recursive: true })
    const store = await openSqliteStore(capstanRuntime, { path: file })
    const environment = () => ({ DATABASE: file, REDIS_URL: '' })
    return capstanSite({ store, directory, server: null, file, environment })
  },
}
