export { MemoryState, type MemoryStateOptions } from './memory-state.ts'
export { type MemoryStoreOptions, memoryStore } from './memory-store.ts'
