import { script } from '../script.ts'

/**
 * All that are registered, at one moment: our records, then our identities, then Sidekiq's register, which names
 * its own processes and ours. KEYS: 1 workers, 2 processes.
 */
export const registered = script({
  name: 'registered',
  worksWhenFull: true,
  lua: `
return {redis.call('HVALS', KEYS[1]), redis.call('HKEYS', KEYS[1]), redis.call('SMEMBERS', KEYS[2])}
`,
})
