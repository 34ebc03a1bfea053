import { script } from '../script.ts'
import { BURY, GRAVE } from './fragments.ts'

/**
 * Moves entries of sets, each only if it is still there.
 *
 * KEYS: 1 queues; then for each entry its set and its destination.
 * ARGV: 1–5 the grave; then for each entry its bytes, 'queue' or 'dead', the queue's name or the reason, '1' to
 * keep its bytes, and else the new ones.
 */
export const promote = script({
  name: 'promote',
  worksWhenFull: true,
  lua: `
${GRAVE}
${BURY}
local moved = 0
for i = 1, (#KEYS - 1) / 2 do
  local at = 5 + 5 * (i - 1)
  local member, to, word = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  if redis.call('ZREM', KEYS[2 * i], member) == 1 then
    local key = KEYS[2 * i + 1]
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
