import { openSqliteStore, type SqliteDurability } from '../../src/store/sqlite/index.ts'
import type { OpenSystem } from '../system.ts'
import { capstanOn, runtime } from './capstan.ts'

/** @param address `DURABILITY:PATH` */
export async function open(address: string): Promise<OpenSystem> {
  const [durability, path] = address.split(':') as [SqliteDurability, string]
  return capstanOn(await openSqliteStore(runtime, { path, durability }))
}
