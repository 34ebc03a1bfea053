import type { Reply } from '../reply-parser.ts'
import { script } from '../script.ts'
import { SETTLE } from './in-flight.ts'
import { CHECK_MOVES, MAKE_MOVES } from './moves.ts'

/** So many jobs at least make a list of their own: for fewer, its further commands cost more than it saves. */
export const LEAST_LIST = 4

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
  /** Positions, from 1, of queues whose keys are no lists. */
  readonly noLists: readonly number[]
  /** Jobs taken: position of the queue, from 1, and payloads in order, or the size of the list that holds them. */
  readonly taken: ReadonlyArray<readonly [number, readonly string[] | number]>
}

/**
 * Settles and claims in one step.
 *
 * KEYS: 1 in-flight record, 2 workers, 3 paused, then the queues' lists; and where there are moves, the set of queues,
 * dead, and the destinations of the moves.
 * ARGV: 1 identity, 2 most jobs to claim, 3 name of this call, 4 number of queues, 5 of done tokens, 6 of claims with
 * done jobs; then the queues' names, the done tokens, claim and marks of each claim; and where there are moves, their
 * number, seven for each, and the grave.
 *
 * A call that has nothing to tell answers `1`, then what was taken: position of the queue, and the size of its list, or
 * minus the number of payloads, which follow. Else the first is an array of all that is to be told.
 *
 * A payload that passes through Lua is hashed there byte by byte, and one that is stored anew is written to the
 * append-only file again. So the server itself copies what is claimed together from list to list, which is kept as
 * a command only, and the payloads are read by an LRANGE that follows in the same write. Of a call for one job, most
 * of the time goes into arguments, tables and functions: it has no more of them than it needs.
 */
export const exchange = script({
  name: 'exchange',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[1]
local room, call = tonumber(ARGV[2]), ARGV[3]
local nqueues, ndone, nclaims = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local lists, names = 3, 6
local done = names + nqueues
local claims = done + ndone
local queues, dead = lists + nqueues + 1, lists + nqueues + 2
local sizes = claims + 2 * nclaims
local nmoves = 0
if #KEYS > lists + nqueues then nmoves = tonumber(ARGV[sizes + 1]) end
local moves = sizes + 1
if nmoves > 0 then
  ${CHECK_MOVES}
end

-- Who still holds a job is registered: both end in one step.
local holds = false
local refused_done, refused_shares, refused_moves, paused
for i = 1, ndone do
  if redis.call('HDEL', inflight, ARGV[done + i]) == 1 then
    holds = true
  else
    refused_done = refused_done or {}
    refused_done[#refused_done + 1] = i
  end
end

-- Functions are made anew by each run of a script, which a call that needs them not should not pay for.
if nclaims > 0 then
  ${SETTLE}
  for i = 1, nclaims do
    local missing = settle(ARGV[claims + 2 * i - 1], ARGV[claims + 2 * i])
    if missing then
      refused_shares = refused_shares or {}
      refused_shares[#refused_shares + 1] = {i, missing}
    else
      holds = true
    end
  end
end

if nmoves > 0 then
  ${MAKE_MOVES}
end

local registered = 1
if not holds then registered = redis.call('HEXISTS', KEYS[2], ARGV[1]) end
if registered == 0 then room = 0 end

local is_paused = {}
if nqueues > 0 and redis.call('EXISTS', KEYS[3]) == 1 then
  for i, yes in ipairs(redis.call('SMISMEMBER', KEYS[3], unpack(ARGV, names + 1, names + nqueues))) do
    if yes == 1 then
      paused = paused or {}
      paused[#paused + 1] = i
      is_paused[i] = true
    end
  end
end

-- Each queue's jobs are recorded before the next queue is asked, and a key that is no list stops no other queue.
local reply = {1}
local number = 0
local no_lists
for i = 1, nqueues do
  if room == 0 then break end
  if not is_paused[i] then
    local list = KEYS[lists + i]
    local length, size, claim, problem = nil, 0, nil, nil
    if room >= ${LEAST_LIST} and not is_plain then
      length = redis.pcall('LLEN', list)
      if type(length) == 'table' then
        problem, length = length, 0
      else
        size = math.min(room, length)
      end
    end
    if size >= ${LEAST_LIST} then
      claim = call .. ':' .. ARGV[names + i]
      local copy = inflight .. ':' .. claim
      -- Nothing is sorted: it is the command that copies a part of a list. The server may not be able or allowed to.
      local copied = redis.pcall('SORT', list, 'BY', 'nosort', 'LIMIT', length - size, size, 'STORE', copy)
      if copied ~= size then claim = nil end
    end
    if claim then
      redis.call('HSET', inflight, claim, string.rep('1', size))
      redis.call('LTRIM', list, 0, -(size + 1))
      reply[#reply + 1] = i
      reply[#reply + 1] = size
      room = room - size
    elseif length ~= 0 then
      local got = redis.pcall('RPOP', list, room)
      if got and got.err then
        problem = got
      elseif got and #got > 0 then
        local count = #got
        reply[#reply + 1] = i
        reply[#reply + 1] = -count
        for from = 1, count, 1000 do
          local record = {}
          for j = from, math.min(from + 999, count) do
            number = number + 1
            record[#record + 1] = call .. '.' .. number .. ':' .. ARGV[names + i]
            record[#record + 1] = got[j]
            reply[#reply + 1] = got[j]
          end
          redis.call('HSET', inflight, unpack(record))
        end
        room = room - count
      end
    end
    if problem then
      if not string.find(problem.err, 'WRONGTYPE', 1, true) then return problem end
      no_lists = no_lists or {}
      no_lists[#no_lists + 1] = i
    end
  end
end
if registered == 0 or refused_done or refused_shares or refused_moves or paused or no_lists then
  reply[1] = {
    registered, refused_done or {}, refused_shares or {}, refused_moves or {}, paused or {}, no_lists or {},
  }
end
return reply
`,
})

type Told = [
  registered: number,
  refusedDone: number[],
  refusedShares: Array<[number, number[]]>,
  refusedMoves: number[],
  paused: number[],
  noLists: number[],
]

const NOTHING_TOLD: Told = [1, [], [], [], [], []]

export function decodeExchange(reply: Reply): ExchangeReplyParts {
  const [head, ...rest] = reply as [1 | Told, ...Array<number | string>]
  const told = head === 1 ? NOTHING_TOLD : head
  const [registered, refusedDone, refusedShares, refusedMoves, paused, noLists] = told
  const taken: Array<readonly [number, readonly string[] | number]> = []
  for (let at = 0; at < rest.length; ) {
    const [queue, size] = rest.slice(at, at + 2) as [number, number]
    const payloads = at + 2
    at = size < 0 ? payloads - size : payloads
    taken.push([queue, size < 0 ? (rest.slice(payloads, at) as string[]) : size])
  }
  const refused = { refusedDone, refusedShares, refusedMoves }
  return { registered: registered === 1, ...refused, paused, noLists, taken }
}
