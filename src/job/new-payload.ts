import type { EpochMs } from '../kernel/clock.ts'
import { canonicalJson } from './canonical-json.ts'
import type { Definition } from './definition.ts'
import type { JsonText, PayloadEdits } from './edit-payload.ts'
import { wireSeconds } from './wire-time.ts'

export interface NewPayload {
  readonly definition: Definition
  readonly queue: string
  readonly args: readonly unknown[]
  readonly jid: string
  readonly now: EpochMs
  /** False for a job that waits in the schedule: it gets its `enqueued_at` when it leaves that. */
  readonly enqueued: boolean
  /** Values carried from the code that enqueues to the code that runs; null for none. */
  readonly context: Readonly<Record<string, unknown>> | null
}

/** The text of a fresh job. Canonical JSON: no spaces, and the escapes that Ruby's writer uses too. */
export function newPayload(job: NewPayload): JsonText {
  const context = job.context === null ? '' : `,"context":${canonicalJson(job.context)}`
  const enqueued = job.enqueued ? `,"enqueued_at":${wireSeconds(job.now)}` : ''
  return (
    `{${optionsOf(job.definition)}"queue":${JSON.stringify(job.queue)},"args":${canonicalJson(job.args)},` +
    `"jid":"${job.jid}","created_at":${wireSeconds(job.now)}${enqueued}${context}}`
  )
}

/** What changes in a payload that goes to a queue, from the schedule, the retry set or the dead set. */
export function enqueueEdits(now: EpochMs): PayloadEdits {
  return { enqueued_at: wireSeconds(now) }
}

// The options of a job never change, so their text is made once: half of the cost of a payload.
const optionTexts = new WeakMap<Definition, JsonText>()

function optionsOf(definition: Definition): JsonText {
  let text = optionTexts.get(definition)
  if (text === undefined) {
    const options: Record<string, unknown> = { class: definition.name, retry: definition.retry }
    if (!definition.dead) options.dead = false
    if (definition.backtrace !== false) options.backtrace = definition.backtrace
    if (definition.tags.length > 0) options.tags = definition.tags
    if (definition.expiresInMs !== null) options.expires_in = definition.expiresInMs / 1000
    text = `${JSON.stringify(options).slice(1, -1)},`
    optionTexts.set(definition, text)
  }
  return text
}
