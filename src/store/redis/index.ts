/// <reference types="node" preserve="true" />
export type { TlsOptions } from './dial.ts'
export type { RedisOptions, SentinelOptions } from './options.ts'
export { openRedisStore } from './redis-store.ts'
