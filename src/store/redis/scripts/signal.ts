import { script } from '../script.ts'

/** Leaves a message for a worker, on a full server too. KEYS: 1 signals. ARGV: 1 the signal, 2 its life in seconds. */
export const signal = script({
  name: 'signal',
  worksWhenFull: true,
  lua: `
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('LPUSH', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
`,
})
