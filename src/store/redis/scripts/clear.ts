import { script } from '../script.ts'

/** Deletes a set and answers how many entries it had. KEYS: 1 the set. */
export const clearSet = script({
  name: 'clear set',
  worksWhenFull: true,
  lua: `
local size = redis.call('ZCARD', KEYS[1])
redis.call('UNLINK', KEYS[1])
return size
`,
})

/** Deletes and forgets a queue and answers how many jobs it had. KEYS: 1 its list, 2 queues. ARGV: 1 its name. */
export const clearQueue = script({
  name: 'clear queue',
  worksWhenFull: true,
  lua: `
local size = redis.call('LLEN', KEYS[1])
redis.call('UNLINK', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
return size
`,
})
