/** How long a wait of which nobody hears any more is kept from moving a job: longer than the server lets one last. */
const BAR_SECONDS = 60

/**
 * Lua: one job or one claim of what a worker holds, under the key that the local `inflight` names.
 *
 * The record is a hash. A job that was claimed by itself is a field of its own: token → payload. Jobs that were
 * claimed together are one field, `CALL:QUEUE` → a mark for each up to the last in flight: 1 in flight, 0 ended,
 * - ended and its payload removed. Their payloads are in a list of that name, the first rightmost, as in a queue.
 * A claim that a wait has made in advance has no list: its job has not come yet, and may never come.
 *
 *     settle(claim, marks)  ends the marked jobs of a claim; answers the numbers of those that were not in flight, or nil
 */
export const SETTLE = `
local function list_of(claim) return inflight .. ':' .. claim end

local function settle(claim, marks)
  local before = redis.call('HGET', inflight, claim) or ''
  local left, missing
  if marks ~= before then
    local kept, from = {}, 1
    for number in string.gmatch(marks, '()1') do
      if string.sub(before, number, number) == '1' then
        kept[#kept + 1] = string.sub(before, from, number - 1)
        from = number + 1
      else
        missing = missing or {}
        missing[#missing + 1] = number
      end
    end
    kept[#kept + 1] = string.sub(before, from)
    left = string.match(table.concat(kept, '0'), '^.*1')
  end
  if not left then
    redis.call('HDEL', inflight, claim)
    redis.call('UNLINK', list_of(claim))
  elseif left ~= before then
    redis.call('HSET', inflight, claim, left)
  end
  return missing
end`

/**
 * Lua, behind `SETTLE`:
 *
 *     release(token)  ends one job and answers its bytes; false when it is not in flight
 */
export const RELEASE = `
local function payload_of(token)
  local number, claim = string.match(token, '^(%d+)/(.*)$')
  if not claim then return redis.call('HGET', inflight, token) end
  return redis.call('LINDEX', list_of(claim), -number), claim, number
end

local function release(token)
  local payload, claim, number = payload_of(token)
  if not claim then return redis.call('HDEL', inflight, token) == 1 and payload end
  local is_held = payload and not settle(claim, string.rep('0', number - 1) .. '1')
  return is_held and payload
end`

/** Lua: both of them. */
export const IN_FLIGHT = `${SETTLE}${RELEASE}`

/**
 * Lua, behind `IN_FLIGHT`: all that the worker holds.
 *
 *     held()       tokens of all that is in flight
 *     held_jobs()  the same, each followed by its bytes
 *     sweep()      removes the payloads of jobs that ended before others of their claim
 *     bar(claim)   ends a claim made in advance: its wait, should the server still serve it, finds no list to move to
 */
export const ALL_IN_FLIGHT = `
local function is_claim(field) return string.find(field, '^[^.:]+:') end

local function held()
  local tokens = {}
  for _, field in ipairs(redis.call('HKEYS', inflight)) do
    if is_claim(field) then
      local marks = redis.call('EXISTS', list_of(field)) == 1 and redis.call('HGET', inflight, field) or ''
      for number in string.gmatch(marks, '()1') do tokens[#tokens + 1] = number .. '/' .. field end
    else
      tokens[#tokens + 1] = field
    end
  end
  return tokens
end

local function held_jobs()
  local jobs = {}
  for _, token in ipairs(held()) do
    local payload = payload_of(token)
    jobs[#jobs + 1] = token
    jobs[#jobs + 1] = payload
  end
  return jobs
end

local function sweep()
  for _, field in ipairs(redis.call('HKEYS', inflight)) do
    if is_claim(field) then
      local marks = redis.call('HGET', inflight, field)
      redis.call('LTRIM', list_of(field), -#marks, -1)
      for number in string.gmatch(marks, '()0') do redis.call('LSET', list_of(field), -number, '') end
      local swept, count = string.gsub(marks, '0', '-')
      if count > 0 then redis.call('HSET', inflight, field, swept) end
    end
  end
end

local function bar(claim)
  redis.call('HDEL', inflight, claim)
  redis.call('SET', list_of(claim), '', 'EX', ${BAR_SECONDS})
end`
