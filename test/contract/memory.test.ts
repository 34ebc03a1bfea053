import { MemoryState, memoryStore } from '../../src/store/memory/index.ts'
import { storeContract } from './store-contract.ts'

storeContract({
  name: 'memory',
  open: async (options) => {
    const state = new MemoryState(options)
    return { connect: async () => memoryStore({ state }), dispose: async () => undefined }
  },
})
