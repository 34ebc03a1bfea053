import { script } from '../script.ts'
import { IS_LIST } from './fragments.ts'

/**
 * Answers for each queue its name, the kind of its key, its size, 1 if it is paused, and the next job if it is asked
 * for. Where the key is no list, there is no job.
 *
 * KEYS: 1 queues, 2 paused. ARGV: 1 prefix of queues, 2 '1' to see the next jobs.
 */
export const queueRows = script({
  name: 'queue rows',
  worksWhenFull: true,
  lua: `
${IS_LIST}
local rows = {}
for i, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local key = ARGV[1] .. name
  local size, oldest = 0, false
  if is_list(key) then
    size = redis.call('LLEN', key)
    if ARGV[2] == '1' then oldest = redis.call('LINDEX', key, -1) end
  end
  rows[i] = {name, redis.call('TYPE', key).ok, size, redis.call('SISMEMBER', KEYS[2], name), oldest}
end
return rows
`,
})

/** In no order. */
export type QueueRow = readonly [
  name: string,
  kind: string,
  size: number,
  paused: 0 | 1,
  oldest: string | null,
]
