import type { Reply } from '../reply-parser.ts'
import { script } from '../script.ts'
import { BURY } from './fragments.ts'
import { IN_FLIGHT } from './in-flight.ts'

/** So many jobs at least make a list of their own: for fewer, its further commands cost more than it saves. */
export const LEAST_LIST = 4

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
  /** Position, from 1, among the claims with jobs that are done, and the numbers of these jobs. */
  readonly refusedShares: ReadonlyArray<readonly [number, readonly number[]]>
  /** Positions, from 1, among the moves. */
  readonly refusedMoves: readonly number[]
  /** Positions, from 1, among the queues. */
  readonly paused: readonly number[]
  /** Jobs taken: position of the queue, from 1, and payloads in order, or the size of the list that holds them. */
  readonly taken: ReadonlyArray<readonly [number, readonly string[] | number]>
}

/**
 * Settles and claims in one step.
 *
 * KEYS: 1 in-flight record, 2 workers, 3 paused, 4 queues, 5 dead; then the queues' lists, the landing lists that
 * may hold a job (of the first of the queues), and the destinations of the moves.
 * ARGV: 1 identity, 2 most jobs to claim, 3 name of this call, 4 number of queues, 5 of landing lists, 6 of done
 * tokens, 7 of claims with done jobs, 8 of moves; then the queues' names, the done tokens, claim and marks of each
 * claim, seven for each move, and if there is one, the grave.
 *
 * A payload that passes through Lua is hashed there byte by byte, and one that is stored anew is written to the
 * append-only file again. So the server itself copies what is claimed together from list to list, which is kept as
 * a command only, and the payloads are read by an LRANGE that follows in the same write.
 */
export const exchange = script({
  name: 'exchange',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[1]
local identity, room, call = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local nqueues, nlandings = tonumber(ARGV[4]), tonumber(ARGV[5])
local ndone, nclaims, nmoves = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local names = 8
local done = names + nqueues
local claims = done + ndone
local moves = claims + 2 * nclaims
local lists = 5
local landings = lists + nqueues
local destinations = landings + nlandings

local refused_done, refused_shares, refused_moves = {}, {}, {}
for i = 1, ndone do
  if redis.call('HDEL', inflight, ARGV[done + i]) == 0 then refused_done[#refused_done + 1] = i end
end

-- Functions are made anew by each run of a script, which a call that needs them not should not pay for.
if nclaims + nmoves > 0 then
  local grave = {unpack(ARGV, moves + 7 * nmoves + 1)}
  ${BURY}
  ${IN_FLIGHT}
  for i = 1, nclaims do
    local missing = settle(ARGV[claims + 2 * i - 1], ARGV[claims + 2 * i])
    if #missing > 0 then refused_shares[#refused_shares + 1] = {i, missing} end
  end
  for i = 1, nmoves do
    local at = moves + 7 * (i - 1)
    local to, keep = ARGV[at + 2], ARGV[at + 3]
    local payload = release(ARGV[at + 1])
    if payload then
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

local reply = {registered, refused_done, refused_shares, refused_moves, paused}
if registered == 0 then room = 0 end

local function took(queue, size, got)
  room = room - size
  reply[#reply + 1] = queue
  reply[#reply + 1] = got
end

-- False when there are too few, or when the server cannot or may not do it.
local function take_together(list, queue)
  if is_plain or room < ${LEAST_LIST} then return false end
  local length = redis.call('LLEN', list)
  local size = math.min(room, length)
  if size < ${LEAST_LIST} then return false end
  local claim = call .. ':' .. ARGV[names + queue]
  local copy = inflight .. ':' .. claim
  -- Nothing is sorted: it is the command that copies a part of a list.
  local copied = redis.pcall('SORT', list, 'BY', 'nosort', 'LIMIT', length - size, size, 'STORE', copy)
  if copied ~= size then return false end
  redis.call('HSET', inflight, claim, string.rep('1', size))
  redis.call('LTRIM', list, 0, -(size + 1))
  took(queue, size, size)
  return true
end

-- Each queue's jobs are recorded before the next queue is asked: an error there must not lose them.
local number = 0
local function take_singly(list, queue)
  local got = redis.call('RPOP', list, room)
  if not got or #got == 0 then return end
  for from = 1, #got, 1000 do
    local record = {}
    for i = from, math.min(from + 999, #got) do
      number = number + 1
      record[#record + 1] = call .. '.' .. number .. ':' .. ARGV[names + queue]
      record[#record + 1] = got[i]
    end
    redis.call('HSET', inflight, unpack(record))
  end
  took(queue, #got, got)
end

for i = 1, nqueues do
  local list = KEYS[lists + i]
  if i <= nlandings then
    local landing = KEYS[landings + i]
    if room > 0 and not is_paused[i] then take_singly(landing, i) end
    -- What landed and finds no room goes back to the front.
    while redis.call('LMOVE', landing, list, 'LEFT', 'RIGHT') do
      redis.call('SADD', KEYS[4], ARGV[names + i])
    end
  end
  if room > 0 and not is_paused[i] and not take_together(list, i) then take_singly(list, i) end
end
return reply
`,
})

export function decodeExchange(reply: Reply): ExchangeReplyParts {
  const [registered, refusedDone, refusedShares, refusedMoves, paused, ...pairs] = reply as [
    number,
    number[],
    Array<[number, number[]]>,
    number[],
    number[],
    ...Array<number | string[]>,
  ]
  const taken: Array<readonly [number, string[] | number]> = []
  for (let at = 0; at < pairs.length; at += 2) taken.push([pairs[at] as number, pairs[at + 1]!])
  return { registered: registered === 1, refusedDone, refusedShares, refusedMoves, paused, taken }
}
