export type { SqliteDurability, SqliteOptions } from './options.ts'
export { openSqliteStore } from './sqlite-store.ts'
