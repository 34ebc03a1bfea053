import { spawn } from 'node:child_process'
import type { Runtime } from '../../kernel/runtime.ts'
import { type Dialer, lineOf } from '../line.ts'
import { openSession } from '../open-session.ts'
import type { HostAddress, Transport } from '../transport.ts'
import { explainRefusal } from './explain-refusal.ts'

export interface SshOptions {
  /** Put before ours, so that they win: `['-F', file]`, `['-o', 'ConnectTimeout=60']`. */
  readonly options?: readonly string[]
  /** Default `LEASE_MS`. */
  readonly leaseMs?: number
}

/**
 * `BatchMode`: nobody is there to answer a question. `ServerAlive…`: a line that is cut is noticed within 45 s.
 * `RemoteCommand`: one that stands in the user's configuration would be in the way of ours.
 */
const OPTIONS = [
  'BatchMode=yes',
  'ConnectTimeout=20',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=3',
  'RemoteCommand=none',
]

/** Reaches hosts with the user's own OpenSSH: its configuration, agent, jump hosts and known hosts apply. */
export function sshTransport(runtime: Runtime, { options = [], leaseMs }: SshOptions = {}): Transport {
  return {
    connect: (address, { signal } = {}) =>
      openSession(runtime, { dialer: dialerTo(address, options), address, leaseMs, signal }),
  }
}

function dialerTo(address: HostAddress, options: readonly string[]): Dialer {
  return {
    // A session of its own: Ctrl-C in our terminal is for us to handle.
    open: (command) =>
      lineOf(spawn('ssh', [...sshArguments(address, options), command], { detached: true }), 'ssh'),
    explain: (words) => explainRefusal(address, { options, words }),
  }
}

function sshArguments({ host, user, port }: HostAddress, options: readonly string[]): string[] {
  return [
    ...options,
    '-T',
    ...OPTIONS.flatMap((option) => ['-o', option]),
    ...(user === undefined ? [] : ['-l', user]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    '--',
    host,
  ]
}
