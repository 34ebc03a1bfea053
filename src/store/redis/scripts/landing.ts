import type { Reply } from '../reply-parser.ts'
import { script } from '../script.ts'
import { RETURN_LANDED } from './fragments.ts'
import { ALL_IN_FLIGHT, IN_FLIGHT } from './in-flight.ts'

/**
 * Hands back what landed with a worker and lists what it holds, as token, payload, token, payload …
 *
 * KEYS: 1 landings, 2 queues, 3 in-flight record. ARGV: 1 prefix of landing lists, 2 prefix of queues.
 */
export const inFlight = script({
  name: 'in flight',
  worksWhenFull: true,
  lua: `
local inflight = KEYS[3]
${IN_FLIGHT}
${ALL_IN_FLIGHT}
${RETURN_LANDED}
return_landed(KEYS[1], ARGV[1], ARGV[2], KEYS[2])
return held_jobs()
`,
})

/** Hands back what landed with a worker. KEYS: 1 landings, 2 queues. ARGV: 1 prefix of landing lists, 2 of queues. */
export const returnLanded = script({
  name: 'return landed',
  worksWhenFull: true,
  lua: `
${RETURN_LANDED}
return_landed(KEYS[1], ARGV[1], ARGV[2], KEYS[2])
return 1
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
