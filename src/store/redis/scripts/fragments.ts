/**
 * Lua function `bury(dead, member, reason)`: into the dead set, which is then cut to its limits. Needs the local
 * `grave`, a table with the strings that `graveOf` makes, in its order.
 */
export const BURY = `
local function bury(dead, member, reason)
  redis.call('ZADD', dead, grave[1], member)
  redis.call('ZREMRANGEBYSCORE', dead, '-inf', grave[2])
  redis.call('ZREMRANGEBYRANK', dead, 0, grave[3])
  local why = grave[4] .. redis.sha1hex(member)
  if reason == '' then redis.call('DEL', why) else redis.call('SET', why, reason, 'EX', grave[5]) end
end`

/** Lua: reads the grave from the head of ARGV. */
export const GRAVE = `local grave = {ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]}`

/**
 * Lua function `return_landed(landings, landing_prefix, queue_prefix, queues)`: jobs that landed with a worker
 * which waited go back to the front of their queues, the first landed first.
 */
export const RETURN_LANDED = `
local function return_landed(landings, landing_prefix, queue_prefix, queues)
  for _, queue in ipairs(redis.call('SMEMBERS', landings)) do
    while redis.call('LMOVE', landing_prefix .. queue, queue_prefix .. queue, 'LEFT', 'RIGHT') do
      redis.call('SADD', queues, queue)
    end
  end
end`
