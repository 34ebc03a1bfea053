import { script } from '../script.ts'
import { BURY, GRAVE } from './fragments.ts'

/**
 * Moves one entry of a queue or a set, found by its exact bytes and, in a set, its score. Answers 1 or 0.
 *
 * KEYS: 1 the place, 2 queues, 3 the destination (any key for 'nowhere').
 * ARGV: 1–5 the grave, 6 the bytes, 7 the score or '' for a queue, 8 'nowhere', 'queue' or 'dead', 9 the queue's
 * name, 10 '1' to keep the bytes, 11 else the new ones.
 */
export const move = script({
  name: 'move',
  worksWhenFull: true,
  lua: `
${GRAVE}
${BURY}
local place, member, score, to = KEYS[1], ARGV[6], ARGV[7], ARGV[8]
-- A key of the wrong kind must be found before anything is changed.
if to == 'dead' then redis.call('ZCARD', KEYS[3]) end
if to == 'queue' then
  redis.call('SCARD', KEYS[2])
  redis.call('LLEN', KEYS[3])
end
if score == '' then
  -- From the tail: of two entries with the same bytes the next to run is as good as the other.
  if redis.call('LREM', place, -1, member) == 0 then return 0 end
else
  local there = redis.call('ZSCORE', place, member)
  if not there or tonumber(there) ~= tonumber(score) then return 0 end
  redis.call('ZREM', place, member)
  redis.call('DEL', grave[4] .. redis.sha1hex(member))
end
if ARGV[10] == '0' then member = ARGV[11] end
if to == 'dead' then
  bury(KEYS[3], member, '')
elseif to == 'queue' then
  redis.call('SADD', KEYS[2], ARGV[9])
  redis.call('LPUSH', KEYS[3], member)
end
return 1
`,
})
