import type { Reply } from '../reply-parser.ts'
import { script } from '../script.ts'
import { BURY } from './fragments.ts'

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

export interface ExchangeReplyParts {
  readonly registered: boolean
  /** Positions, from 1, among the tokens that are done. */
  readonly refusedDone: readonly number[]
  /** Positions, from 1, among the moves. */
  readonly refusedMoves: readonly number[]
  /** Positions, from 1, among the queues. */
  readonly paused: readonly number[]
  /** Jobs taken: position of the queue, from 1, and payloads, in the order of their numbers. */
  readonly taken: ReadonlyArray<readonly [number, readonly string[]]>
}

/**
 * Settles and claims in one step.
 *
 * KEYS: 1 in-flight record, 2 workers, 3 paused, 4 queues, 5 dead; then the queues' lists, the landing lists that
 * may hold a job (of the first of the queues), and the destinations of the moves.
 * ARGV: 1 identity, 2 most jobs to claim, 3 name of this call, 4 number of queues, 5 of landing lists, 6 of done
 * tokens, 7 of moves; then the queues' names, the done tokens, seven for each move, and if there is one, the grave.
 *
 * Every step is cheap and of a fixed number of calls: with a hundred jobs a call it is the jobs that cost.
 */
export const exchange = script({
  name: 'exchange',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[1]
local identity, room, call = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local nqueues, nlandings = tonumber(ARGV[4]), tonumber(ARGV[5])
local ndone, nmoves = tonumber(ARGV[6]), tonumber(ARGV[7])
local names = 7
local done = names + nqueues
local moves = done + ndone
local lists = 5
local landings = lists + nqueues
local destinations = landings + nlandings
local grave = {unpack(ARGV, moves + 7 * nmoves + 1)}
${BURY}

local refused_done = {}
if ndone > 3 and redis.call('HLEN', inflight) <= 4 * ndone then
  -- One HDEL for all of them; who is missing must be known before.
  local held = {}
  for _, token in ipairs(redis.call('HKEYS', inflight)) do held[token] = true end
  for i = 1, ndone do
    local token = ARGV[done + i]
    if held[token] then held[token] = nil else refused_done[#refused_done + 1] = i end
  end
  for from = 1, ndone, 1000 do
    redis.call('HDEL', inflight, unpack(ARGV, done + from, done + math.min(from + 999, ndone)))
  end
else
  for i = 1, ndone do
    if redis.call('HDEL', inflight, ARGV[done + i]) == 0 then refused_done[#refused_done + 1] = i end
  end
end

local refused_moves = {}
for i = 1, nmoves do
  local at = moves + 7 * (i - 1)
  local token, to, keep = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local payload = redis.call('HGET', inflight, token)
  if payload then
    redis.call('HDEL', inflight, token)
    if keep == '0' then payload = ARGV[at + 4] end
    local key = KEYS[destinations + i]
    if to == 'retry' or to == 'schedule' then
      redis.call('ZADD', key, ARGV[at + 5], payload)
    elseif to == 'dead' then
      bury(key, payload, ARGV[at + 6])
    elseif to == 'queue' then
      redis.call('SADD', KEYS[4], ARGV[at + 7])
      redis.call('RPUSH', key, payload)
    end
  else
    refused_moves[#refused_moves + 1] = i
  end
end

local registered = redis.call('HEXISTS', KEYS[2], identity)
local paused = {}
local is_paused = {}
if nqueues > 0 then
  for i, yes in ipairs(redis.call('SMISMEMBER', KEYS[3], unpack(ARGV, names + 1, names + nqueues))) do
    if yes == 1 then
      paused[#paused + 1] = i
      is_paused[i] = true
    end
  end
end

local reply = {registered, refused_done, refused_moves, paused}
if registered == 0 then room = 0 end
local number = 0
-- Of the numbers in the jobs' names only each tenth is formatted: that is dear.
local digits = {[0] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'}
local stem = call .. '.'

-- Each queue's jobs are recorded before the next queue is asked: an error there must not lose them.
local function take(list, queue)
  local got = redis.call('RPOP', list, room)
  if not got or #got == 0 then return end
  local suffix = ':' .. ARGV[names + queue]
  local from = 1
  while from <= #got do
    local record, n = {}, 0
    for i = from, math.min(from + 999, #got) do
      number = number + 1
      local digit = number % 10
      if digit == 0 then stem = call .. '.' .. number / 10 end
      record[n + 1] = stem .. digits[digit] .. suffix
      record[n + 2] = got[i]
      n = n + 2
    end
    redis.call('HSET', inflight, unpack(record))
    from = from + 1000
  end
  room = room - #got
  reply[#reply + 1] = queue
  reply[#reply + 1] = got
end

for i = 1, nqueues do
  local list = KEYS[lists + i]
  if i <= nlandings then
    local landing = KEYS[landings + i]
    if room > 0 and not is_paused[i] then take(landing, i) end
    -- What landed and finds no room goes back to the front.
    while redis.call('LMOVE', landing, list, 'LEFT', 'RIGHT') do
      redis.call('SADD', KEYS[4], ARGV[names + i])
    end
  end
  if room > 0 and not is_paused[i] then take(list, i) end
end
return reply
`,
})

export function decodeExchange(reply: Reply): ExchangeReplyParts {
  const [registered, refusedDone, refusedMoves, paused, ...pairs] = reply as [
    number,
    number[],
    number[],
    number[],
    ...Array<number | string[]>,
  ]
  const taken: Array<readonly [number, string[]]> = []
  for (let at = 0; at < pairs.length; at += 2) taken.push([pairs[at] as number, pairs[at + 1] as string[]])
  return { registered: registered === 1, refusedDone, refusedMoves, paused, taken }
}
