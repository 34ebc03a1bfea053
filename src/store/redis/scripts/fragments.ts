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
