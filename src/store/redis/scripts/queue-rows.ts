import { script } from '../script.ts'
import { IS_LIST } from './fragments.ts'

/**
 * Answers for each queue its name, its size, 1 if it is paused, the next job if it is asked for, and the kind of its key
 * where that is no list: then there is no job.
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
  local size, oldest, kind = 0, false, false
  if not is_list(key) then
    kind = redis.call('TYPE', key).ok
  else
    size = redis.call('LLEN', key)
    if ARGV[2] == '1' then oldest = redis.call('LINDEX', key, -1) end
  end
  rows[i] = {name, size, redis.call('SISMEMBER', KEYS[2], name), oldest, kind}
end
return rows
`,
})

/** In no order. */
export type QueueRow = readonly [
  name: string,
  size: number,
  paused: 0 | 1,
  oldest: string | null,
  kind: string | null,
]
