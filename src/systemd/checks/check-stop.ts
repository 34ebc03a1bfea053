import type { Finding } from '../finding.ts'
import type { ServiceFacts } from './service-facts.ts'

const DEFAULT_STOP_MS = 90_000
/** Time to hand jobs back after the worker's own timeout. */
const MARGIN_MS = 5_000
const MS_PER_S = 1_000

/** Quiet, stop, and what becomes of running jobs. */
export function checkStop(service: ServiceFacts): Finding[] {
  return [...checkReload(service), ...checkTimeout(service), ...checkKill(service)]
}

function checkReload({ value, find, workerTimeoutMs }: ServiceFacts): Finding[] {
  const reload = value('ExecReload')
  if (reload === null && workerTimeoutMs !== null)
    return [
      find('warning', null, {
        what: 'there is no ExecReload=: `systemctl reload`, by which deploy tools quiet a worker, fails with "Job type reload is not applicable", and it goes on taking jobs',
        fix: 'ExecReload=/bin/kill -TSTP $MAINPID',
      }),
    ]
  if (reload === null || !/\bkill\b/.test(reload) || /\$\{?MAINPID/.test(reload)) return []
  return [
    find('warning', 'ExecReload', {
      what: 'ExecReload= signals something other than the main process',
      fix: 'ExecReload=/bin/kill -TSTP $MAINPID',
    }),
  ]
}

function checkTimeout({ value, span, find, workerTimeoutMs }: ServiceFacts): Finding[] {
  if (workerTimeoutMs === null) return []
  const name =
    value('TimeoutStopSec') === null && value('TimeoutSec') !== null ? 'TimeoutSec' : 'TimeoutStopSec'
  // 0 is no limit, as infinity is.
  const stopMs = span(name, DEFAULT_STOP_MS) || Number.POSITIVE_INFINITY
  const wanted = Math.ceil((workerTimeoutMs + MARGIN_MS) / MS_PER_S)
  const worker = `${workerTimeoutMs / MS_PER_S} s`
  const said =
    value(name) === null
      ? `${name}= is not said, so ${DEFAULT_STOP_MS / MS_PER_S} s hold`
      : `${name}=${value(name)}`
  if (stopMs < workerTimeoutMs + MARGIN_MS)
    return [
      find('error', name, {
        what: `${said}: systemd kills the worker before its own ${worker} for running jobs and their hand-back are over; jobs in hand are lost or recovered later`,
        fix: `TimeoutStopSec=${wanted}`,
      }),
    ]
  if (value(name) !== null) return []
  return [
    find('note', null, {
      what: `${said}; the worker gives its jobs ${worker}`,
      fix: `say it, so that it changes with the worker's timeout: TimeoutStopSec=${wanted}`,
    }),
  ]
}

function checkKill({ value, find }: ServiceFacts): Finding[] {
  const findings: Finding[] = []
  const mode = value('KillMode')
  if (mode === 'process' || mode === 'none')
    findings.push(
      find('warning', 'KillMode', {
        what: `KillMode=${mode} leaves processes behind at a stop`,
        fix: 'KillMode=mixed: TERM to the main process, KILL to all when the time is over',
      }),
    )
  const signal = value('KillSignal')
  if (signal === 'SIGKILL' || signal === 'KILL' || signal === '9')
    findings.push(
      find('error', 'KillSignal', {
        what: 'KillSignal=SIGKILL gives the worker no time to hand its jobs back',
        fix: 'take it away: TERM is the default',
      }),
    )
  return findings
}
