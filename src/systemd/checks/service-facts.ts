import type { ServiceManager } from '../directive.ts'
import type { Finding, Severity } from '../finding.ts'
import { timeSpanMs } from '../time-span.ts'
import { lineOf, settingOf, type Unit } from '../unit.ts'
import { splitWords } from '../unit-words.ts'

/** A service's unit with what most checks ask it for. */
export interface ServiceFacts {
  readonly unit: Unit
  readonly manager: ServiceManager
  /** The command of ExecStart=, without its prefix; empty when there is none. */
  readonly command: readonly string[]
  readonly commandLine: string
  readonly runs: 'capstan' | 'sidekiq' | 'node' | 'other'
  /** How long the worker lets its jobs go on at a stop; null when it is not a worker. */
  readonly workerTimeoutMs: number | null
  /** The value that counts in [Service]; null when there is none or it is empty. */
  value(name: string): string | null
  /** That value as milliseconds, or `otherwise`. */
  span(name: string, otherwise: number): number
  find(severity: Severity, name: string | null, message: { what: string; fix: string }): Finding
}

/** Of Sidekiq and of Capstan, where neither says otherwise. */
const DEFAULT_WORKER_TIMEOUT_MS = 25_000

export interface CheckOptions {
  /** Default `system`. */
  readonly manager?: ServiceManager
  /** In place of what the command line of the worker says. */
  readonly workerTimeoutMs?: number
  /** Directives that this systemd is too old for are reported. */
  readonly systemdVersion?: number
}

export function serviceFacts(
  unit: Unit,
  { manager = 'system', workerTimeoutMs }: CheckOptions,
): ServiceFacts {
  const value = (name: string) => settingOf(unit, 'Service', name)
  const commandLine = value('ExecStart') ?? ''
  const command = splitWords(commandLine.replace(/^[@\-:+!|]+/, '')) ?? []
  const runs = programOf(commandLine)
  return {
    ...{ unit, manager, command, commandLine, runs, value },
    workerTimeoutMs:
      workerTimeoutMs ?? (runs === 'capstan' || runs === 'sidekiq' ? timeoutIn(commandLine) : null),
    span: (name, otherwise) => timeSpanMs(value(name) ?? '') ?? otherwise,
    find: (severity, name, message) => ({
      severity,
      line: name === null ? null : (lineOf(unit, 'Service', name) ?? lineOf(unit, 'Unit', name)),
      ...message,
    }),
  }
}

function programOf(commandLine: string): ServiceFacts['runs'] {
  if (/\bcapstan(\.cjs)?\b.*\bwork\b/.test(commandLine)) return 'capstan'
  if (/\bsidekiq(swarm)?\b/.test(commandLine)) return 'sidekiq'
  return /(^|\/)node(\s|$)|\bnode\b/.test(commandLine) ? 'node' : 'other'
}

/** `-t 60`, `--timeout 2m`: a bare number is seconds for Sidekiq; Capstan's own durations always have a unit. */
function timeoutIn(commandLine: string): number {
  const given = /\s(?:-t|--timeout)[ =]?["']?(\d+(?:\.\d+)?(?:ms|s|m|h)?)\b/.exec(commandLine)?.[1]
  return (given === undefined ? null : timeSpanMs(given)) ?? DEFAULT_WORKER_TIMEOUT_MS
}
