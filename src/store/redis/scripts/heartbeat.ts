import type { BeatReply, WorkerSignal } from '../../worker-record.ts'
import type { Reply } from '../reply-parser.ts'
import { script } from '../script.ts'
import { ALL_IN_FLIGHT, IN_FLIGHT } from './in-flight.ts'

/**
 * One beat: Sidekiq's registry, our registration, counters, one signal, and what is in flight.
 *
 * KEYS: 1 work, 2 old work, 3 processes, 4 the process, 5 signals, 6–9 the four counters, 10 workers,
 * 11 in-flight record.
 * ARGV: 1 identity, 2 the beat's moment as in the record, 3 the record up to its signal, 4 processed, 5 failed,
 * 6 life of a day's counters in seconds, 7 lease in seconds, 8 number of fields of the process, then these and their
 * values, then field and value for each running job.
 */
export const heartbeat = script({
  name: 'heartbeat',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[11]
${IN_FLIGHT}
${ALL_IN_FLIGHT}
local identity, lease = ARGV[1], ARGV[7]
-- First a write that needs no memory: see the plain form of scripts.
redis.call('UNLINK', KEYS[1], KEYS[2])

local last = redis.call('HGET', KEYS[10], identity)
local is_repeated = last and string.match(last, '"beatAt":([^,]+),') == ARGV[2]
local signal
if is_repeated then
  -- The answer to this beat was lost: the counters have it already, and the signal is given again.
  signal = string.match(last, '"signal":"(%u+)"}$')
else
  signal = redis.call('RPOP', KEYS[5]) or nil
  for i = 0, 1 do
    local count = ARGV[4 + i]
    if count ~= '0' then
      redis.call('INCRBY', KEYS[6 + i], count)
      redis.call('INCRBY', KEYS[8 + i], count)
      redis.call('EXPIRE', KEYS[8 + i], ARGV[6])
    end
  end
end
local told = signal and ('"' .. signal .. '"') or 'null'
redis.call('HSET', KEYS[10], identity, ARGV[3] .. ',"signal":' .. told .. '}')

local nfields = tonumber(ARGV[8])
redis.call('SADD', KEYS[3], identity)
redis.call('HSET', KEYS[4], unpack(ARGV, 9, 8 + nfields))
redis.call('EXPIRE', KEYS[4], lease)
for from = 9 + nfields, #ARGV, 1000 do
  for work = 1, 2 do
    redis.call('HSET', KEYS[work], unpack(ARGV, from, math.min(from + 999, #ARGV)))
    redis.call('EXPIRE', KEYS[work], lease)
  end
end

sweep()
return {last and 0 or 1, signal or false, held()}
`,
})

export function decodeBeat(reply: Reply): BeatReply {
  const [isNew, signal, inFlight] = reply as [0 | 1, string | null, string[]]
  return { isNew: isNew === 1, signal: isSignal(signal) ? signal : null, inFlight }
}

/** Anybody can leave anything in the list. */
function isSignal(text: string | null): text is WorkerSignal {
  return text === 'TSTP' || text === 'TERM' || text === 'TTIN'
}
