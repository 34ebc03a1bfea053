import { script } from '../script.ts'
import { BURY, GRAVE, IS_LIST, NO_LIST } from './fragments.ts'
import { ALL_IN_FLIGHT, IN_FLIGHT } from './in-flight.ts'

/** What `depart` answers. */
export const DEPARTED = 1
/** The worker is not the one that was looked at: it has beaten since, or is gone. Nothing was done. */
export const SPARED = 0
/** The in-flight record is not the one that was looked at. Nothing was done; look again. */
export const CHANGED = -1

/**
 * Ends a worker: all that it holds goes where it is told, the last claimed first, so that the first ends up in
 * front; its registration goes, and its waits, should the server still serve one, can move no job.
 *
 * KEYS: 1 work, 2 old work, 3 processes, 4 workers, 5 in-flight record, 6 queues, 7 dead; then the destination
 * of each job.
 * ARGV: 1–5 the grave, 6 identity, 7 the last beat's moment as in the record or '' for any, 8 number of
 * jobs; then for each its token, 'queue' or 'dead', the queue's name or
 * the reason, '1' to keep its bytes, and else the new ones.
 */
export const depart = script({
  name: 'depart',
  worksWhenFull: true,
  lua: `
${GRAVE}
${BURY}
${IS_LIST}
local inflight = KEYS[5]
${IN_FLIGHT}
${ALL_IN_FLIGHT}
local identity, beat, njobs = ARGV[6], ARGV[7], tonumber(ARGV[8])
local record = redis.call('HGET', KEYS[4], identity)
if beat ~= '' and (not record or string.match(record, '"beatAt":([^,]+),') ~= beat) then return ${SPARED} end
local tokens = held()
if #tokens ~= njobs then return ${CHANGED} end
local is_held = {}
for _, token in ipairs(tokens) do is_held[token] = true end
for i = 1, njobs do
  if not is_held[ARGV[9 + 5 * (i - 1)]] then return ${CHANGED} end
end

-- A key of the wrong kind must be found before anything is changed.
redis.call('SCARD', KEYS[6])
for i = 1, njobs do
  if not is_list(KEYS[7 + i]) then redis.call('ZCARD', KEYS[7]) end
end

redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('SREM', KEYS[3], identity)
redis.call('HDEL', KEYS[4], identity)
for i = 1, njobs do
  local at = 8 + 5 * (i - 1)
  local token, to, word = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local payload = release(token)
  if ARGV[at + 4] == '0' then payload = ARGV[at + 5] end
  if to == 'dead' then
    bury(KEYS[7 + i], payload, word)
  elseif not is_list(KEYS[7 + i]) then
    bury(KEYS[7], payload, '${NO_LIST}')
  else
    redis.call('SADD', KEYS[6], word)
    redis.call('RPUSH', KEYS[7 + i], payload)
  end
end
-- Nothing else is left: claims that were made in advance.
for _, claim in ipairs(redis.call('HKEYS', inflight)) do bar(claim) end
return ${DEPARTED}
`,
})
