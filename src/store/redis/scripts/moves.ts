import { BURY, IS_LIST, NO_LIST } from './fragments.ts'
import { RELEASE, SETTLE } from './in-flight.ts'

/** A settlement other than `done`, as the script takes it: seven arguments and one key. */
export interface MoveArgument {
  readonly token: string
  readonly to: 'retry' | 'schedule' | 'dead' | 'queue' | 'done'
  /** Where it goes; for a `done` any key. */
  readonly key: string
  readonly payload: string | null
  /** Score of a retry or of the schedule. */
  readonly score: string
  readonly reason: string
  /** The queue's name for a hand-back. */
  readonly queue: string
}

/**
 * Lua of `exchange`: raises an error, before anything is written, when a key that the moves need is of the wrong kind.
 * Of a queue that is no list the dead set takes the jobs.
 */
export const CHECK_MOVES = `
${IS_LIST}
for i = 1, nmoves do
  local to, key = ARGV[moves + 7 * (i - 1) + 2], KEYS[dead + i]
  if to == 'queue' then
    redis.call('SCARD', KEYS[queues])
    if not is_list(key) then redis.call('ZCARD', KEYS[dead]) end
  elseif to ~= 'done' then
    redis.call('ZCARD', key)
  end
end`

/** Lua of `exchange`: takes each job out of the record and puts it where it is to go. */
export const MAKE_MOVES = `
${IS_LIST}
${SETTLE}
${RELEASE}
local grave = {unpack(ARGV, moves + 7 * nmoves + 1)}
${BURY}
for i = 1, nmoves do
  local at = moves + 7 * (i - 1)
  local to, keep = ARGV[at + 2], ARGV[at + 3]
  local payload = release(ARGV[at + 1])
  if payload then
    if keep == '0' then payload = ARGV[at + 4] end
    local key = KEYS[dead + i]
    if to == 'retry' or to == 'schedule' then
      redis.call('ZADD', key, ARGV[at + 5], payload)
    elseif to == 'dead' then
      bury(key, payload, ARGV[at + 6])
    elseif to == 'queue' and not is_list(key) then
      bury(KEYS[dead], payload, '${NO_LIST}')
    elseif to == 'queue' then
      redis.call('SADD', KEYS[queues], ARGV[at + 7])
      redis.call('RPUSH', key, payload)
    end
  else
    refused_moves = refused_moves or {}
    refused_moves[#refused_moves + 1] = i
  end
end`
