import { openRedisStore } from '../../src/store/redis/index.ts'
import type { OpenSystem } from '../system.ts'
import { capstanOn, runtime } from './capstan.ts'

/** @param address path of the server's socket */
export async function open(address: string): Promise<OpenSystem> {
  return capstanOn(await openRedisStore(runtime, { url: `unix://${address}` }))
}
