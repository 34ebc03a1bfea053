import type { Payload } from '../job/payload.ts'
import { isRailsWrapper } from '../job/rails-arguments.ts'

const MAILERS = new Set([
  'ActionMailer::DeliveryJob',
  'ActionMailer::MailDeliveryJob',
  'ActionMailer::Parameterized::DeliveryJob',
])

/** What a person would call a job and its arguments. */
export interface Shown {
  readonly name: string
  readonly args: readonly unknown[]
}

/**
 * Looks through the wrapper that Rails puts around its jobs: the name is that of the job inside (of a mail:
 * `Mailer#action`), the arguments are its own, without the keys that Rails adds. Other jobs are shown as they are.
 */
export function shown(payload: Payload, args: readonly unknown[] = payload.args): Shown {
  const own = textOr(payload.display_class, null)
  const inside = isRailsWrapper(payload.class)
    ? (args[0] as { arguments?: unknown } | undefined)?.arguments
    : null
  const name = own ?? textOr(payload.wrapped, payload.class)
  if (!Array.isArray(inside)) return { name, args }
  const plain = inside.map(withoutMarks)
  if (!MAILERS.has(name) || plain.length < 2) return { name, args: plain }
  const [mailer, action, delivery, ...rest] = plain
  return {
    name: `${String(mailer)}#${String(action)}`,
    args: delivery === 'deliver_now' ? rest : plain.slice(2),
  }
}

/** Rails marks hashes and references by keys of its own (`_aj_…`); a lone reference is shown as itself. */
function withoutMarks(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMarks)
  if (typeof value !== 'object' || value === null || isExactNumber(value)) return value
  const entries = Object.entries(value)
  if (entries.length === 1 && entries[0]![0] === '_aj_globalid') return entries[0]![1]
  const kept = entries.filter(([key]) => !key.startsWith('_aj_'))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutMarks(inner)]))
}

function isExactNumber(value: object): boolean {
  return Object.getPrototypeOf(value) === null && 'rawJSON' in value
}

function textOr<Other>(value: unknown, other: Other): string | Other {
  return typeof value === 'string' && value !== '' ? value : other
}
