import type { Reply } from '../reply-parser.ts'
import { script } from '../script.ts'
import { IS_LIST } from './fragments.ts'
import { ALL_IN_FLIGHT, IN_FLIGHT } from './in-flight.ts'

/**
 * What a worker holds, as token, payload, token, payload …, after it was decided what became of claims whose waits were
 * lost: one without a job is barred, and a job whose claim is not recorded any more, for the data were lost, goes back.
 *
 * KEYS: 1 in-flight record, 2 queues. ARGV: 1 prefix of queues, then the doubtful claims.
 */
export const inFlight = script({
  name: 'in flight',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[1]
${IN_FLIGHT}
${ALL_IN_FLIGHT}
${IS_LIST}
for i = 2, #ARGV do
  local claim = ARGV[i]
  local queue = string.match(claim, ':(.*)$')
  local kind = redis.call('TYPE', list_of(claim)).ok
  if kind == 'none' then
    bar(claim)
  elseif kind == 'list' and redis.call('HEXISTS', inflight, claim) == 0 then
    -- First a write that needs no memory: see the plain form of scripts.
    if is_plain then redis.call('LTRIM', list_of(claim), 0, -1) end
    if is_list(ARGV[1] .. queue) then
      redis.call('LMOVE', list_of(claim), ARGV[1] .. queue, 'LEFT', 'RIGHT')
      redis.call('SADD', KEYS[2], queue)
    else
      redis.call('HSET', inflight, claim, '1')
    end
  end
end
return held_jobs()
`,
})

/** What a worker holds, as token, payload, token, payload … KEYS: 1 in-flight record. */
export const heldJobs = script({
  name: 'held jobs',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[1]
${IN_FLIGHT}
${ALL_IN_FLIGHT}
return held_jobs()
`,
})

/** Tokens of what a worker holds. KEYS: 1 in-flight record. */
export const heldTokens = script({
  name: 'held tokens',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[1]
${IN_FLIGHT}
${ALL_IN_FLIGHT}
return held()
`,
})

/** Token and payload of each job. */
export function decodeHeld<Text>(reply: Reply): Array<readonly [Text, Text]> {
  const flat = reply as Text[]
  const pairs: Array<readonly [Text, Text]> = []
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at]!, flat[at + 1]!])
  return pairs
}
