/// <reference types="node" preserve="true" />
export type { SqliteDurability, SqliteOptions } from './options.ts'
export { openSqliteStore } from './sqlite-store.ts'
