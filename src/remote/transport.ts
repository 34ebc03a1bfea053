import type { Script } from './script.ts'

/** Where a host is and who logs in there, as the user's own ssh configuration would be asked: `ssh -p PORT USER@HOST`. */
export interface HostAddress {
  readonly host: string
  readonly user?: string
  readonly port?: number
}

/** A way to reach hosts: `remote/ssh` for others, `remote/local` for this machine. */
export interface Transport {
  /**
   * One shell on the host, kept until it is closed. Fails with `remote.unreachable`, the words of ssh in the message.
   */
  connect(address: HostAddress, options?: { readonly signal?: AbortSignal }): Promise<RemoteShell>
}

export interface RunOptions {
  /** An aborted signal kills the script's process group on the host; the run fails with `remote.cancelled`. */
  readonly signal?: AbortSignal
  /** Takes each finished line as it comes, for progress. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void
  /** Exit codes that are answers rather than failures. Default `[0]`. */
  readonly accept?: readonly number[]
  /** How long it may take; then it is killed and fails with `remote.timeout`. Default: no limit. */
  readonly timeoutMs?: number
}

export interface RunResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly durationMs: number
}

/**
 * One persistent shell on one host. Scripts run one at a time, in the order they were given.
 *
 * A result is believed only when its trailer arrived: a line that is lost fails with `remote.lost` (the work may or may
 * not have been done), a signal with `remote.signal`, an exit code that was not accepted with `remote.exit`.
 *
 * When the shell's end of the line is gone, or nothing was heard from us for `LEASE_MS`, the host kills what runs,
 * frees the locks and runs the scripts of the guards that were not disarmed.
 */
export interface RemoteShell {
  readonly address: HostAddress
  /** Questions that were sent and answered so far: what a slow line is paid in. */
  readonly roundTrips: number
  run(script: Script, options?: RunOptions): Promise<RunResult>
  /** Writes a file: to a temporary name beside it, then renamed. The bytes go over a connection of their own. */
  put(
    content: AsyncIterable<Uint8Array>,
    path: string,
    options?: { readonly mode?: number; readonly signal?: AbortSignal },
  ): Promise<void>
  /**
   * Takes the file as a lock that dies with this shell, and writes `note` into it. Returns null when it is ours, else
   * the note of its holder.
   */
  lock(path: string, note: string): Promise<string | null>
  unlock(path: string): Promise<void>
  /** Leaves the script with a process of its own on the host, which runs it if this shell ends before it is disarmed. */
  guard(script: Script): Promise<Guard>
  /** Ends the shell. Running scripts are killed, locks freed, guards that are still armed do run. */
  close(): Promise<void>
}

export interface Guard {
  disarm(): Promise<void>
}
