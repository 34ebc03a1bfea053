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

/** Why a job that cannot go back to its queue is in the dead set. */
export const NO_LIST = 'the key of its queue holds something else than a list'

/** Lua function `is_list(key)`: whether jobs can be put there. Another program may have put something else there. */
export const IS_LIST = `
local function is_list(key)
  local kind = redis.call('TYPE', key).ok
  return kind == 'list' or kind == 'none'
end`

/**
 * Lua function `return_landed(landings, landing_prefix, queue_prefix, queues, stuck)`: jobs that landed with a worker
 * which waited go back to the front of their queues, the first landed first. Those whose queue cannot take them stay;
 * `stuck`, which may be missing, is called with their list.
 */
export const RETURN_LANDED = `
${IS_LIST}
local function return_landed(landings, landing_prefix, queue_prefix, queues, stuck)
  for _, queue in ipairs(redis.call('SMEMBERS', landings)) do
    local landing, list = landing_prefix .. queue, queue_prefix .. queue
    if is_list(list) then
      while redis.call('LMOVE', landing, list, 'LEFT', 'RIGHT') do redis.call('SADD', queues, queue) end
    elseif stuck then
      stuck(landing)
    end
  end
end`
