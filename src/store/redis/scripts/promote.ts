import { script } from '../script.ts'
import { BURY, GRAVE, IS_LIST } from './fragments.ts'

/**
 * Moves entries of sets, each only if it is still there, and answers how many. One whose queue cannot take it moves to a
 * minute later in its set: in front it would keep others from being looked at.
 *
 * KEYS: 1 queues; then for each entry its set and its destination.
 * ARGV: 1–5 the grave, 6 the score of a minute later; then for each entry its bytes, 'queue' or 'dead', the queue's
 * name or the reason, '1' to keep its bytes, and else the new ones.
 */
export const promote = script({
  name: 'promote',
  worksWhenFull: true,
  lua: `
${GRAVE}
${BURY}
${IS_LIST}
-- A key of the wrong kind must be found before anything is changed.
redis.call('SCARD', KEYS[1])
local entries = (#KEYS - 1) / 2
for i = 1, entries do
  if ARGV[6 + 5 * (i - 1) + 2] == 'dead' then redis.call('ZCARD', KEYS[2 * i + 1]) end
end
local moved = 0
for i = 1, entries do
  local at = 6 + 5 * (i - 1)
  local set, key = KEYS[2 * i], KEYS[2 * i + 1]
  local member, to, word = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if to == 'queue' and not is_list(key) then
    moved = moved + redis.call('ZADD', set, 'XX', 'CH', ARGV[6], member)
  elseif redis.call('ZREM', set, member) == 1 then
    if ARGV[at + 4] == '0' then member = ARGV[at + 5] end
    if to == 'dead' then
      bury(key, member, word)
    else
      redis.call('SADD', KEYS[1], word)
      redis.call('LPUSH', key, member)
    end
    moved = moved + 1
  end
end
return moved
`,
})
