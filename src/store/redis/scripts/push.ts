import { script } from '../script.ts'
import { IN_PIECES } from './fragments.ts'

/**
 * Adds jobs, all or none, once for each token.
 *
 * KEYS: 1 the token, 2 queues, 3 schedule, 4… lists of the queues, one for each group.
 * ARGV: 1 now, 2 how long a token counts, 3 number of answered tokens, 4 number of groups, 5 number of scheduled
 * jobs; then the keys of answered tokens; for each group the queue's name, its size and its payloads; then score
 * and payload of each scheduled job.
 */
export const push = script({
  name: 'push',
  // A full store must refuse new jobs, and does so before the first write.
  worksWhenFull: false,
  lua: `
${IN_PIECES}
local now, token_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local nanswered, ngroups, nscheduled = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local pushed = redis.call('GET', KEYS[1])
if pushed and now - tonumber(pushed) < token_ms then return 0 end

-- A key of the wrong kind must be found before anything is written.
redis.call('SCARD', KEYS[2])
for i = 1, ngroups do redis.call('LLEN', KEYS[3 + i]) end
if nscheduled > 0 then redis.call('ZCARD', KEYS[3]) end

redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local at = 6
if nanswered > 0 then
  for i = at, at + nanswered - 1, 1000 do
    redis.call('DEL', unpack(ARGV, i, math.min(i + 999, at + nanswered - 1)))
  end
  at = at + nanswered
end
for i = 1, ngroups do
  local size = tonumber(ARGV[at + 1])
  redis.call('SADD', KEYS[2], ARGV[at])
  in_pieces('LPUSH', KEYS[3 + i], at + 2, at + 1 + size)
  at = at + 2 + size
end
in_pieces('ZADD', KEYS[3], at, at + 2 * nscheduled - 1)
return 1
`,
})
