import { script } from '../script.ts'

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
local now, token_ms = tonumber(ARGV[1]), tonumber(ARGV[2])
local nanswered, ngroups, nscheduled = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local pushed = redis.call('GET', KEYS[1])
if pushed and now - tonumber(pushed) < token_ms then return 0 end

-- A key of the wrong kind must be found before a job is written. Of one list alone, its own command finds it.
if ngroups + nscheduled > 1 then
  redis.call('SCARD', KEYS[2])
  for i = 1, ngroups do redis.call('LLEN', KEYS[3 + i]) end
  if nscheduled > 0 then redis.call('ZCARD', KEYS[3]) end
end

local at = 6 + nanswered
for i = 1, ngroups do
  redis.call('SADD', KEYS[2], ARGV[at])
  local last = at + 1 + tonumber(ARGV[at + 1])
  -- In pieces that fit the stack of Lua, here and below.
  for from = at + 2, last, 1000 do
    redis.call('LPUSH', KEYS[3 + i], unpack(ARGV, from, math.min(from + 999, last)))
  end
  at = last + 1
end
for from = at, #ARGV, 1000 do
  redis.call('ZADD', KEYS[3], unpack(ARGV, from, math.min(from + 999, #ARGV)))
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for from = 6, 5 + nanswered, 1000 do
  redis.call('DEL', unpack(ARGV, from, math.min(from + 999, 5 + nanswered)))
end
return 1
`,
})
