import { StoreError } from '../../kernel/errors.ts'
import { ignore } from '../../kernel/ignore.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { WaitRequest } from '../exchange.ts'
import { type AdvanceClaims, BLOCK_SECONDS, type Ending } from './advance-claims.ts'
import type { Line } from './dialer.ts'
import type { Ground } from './ground.ts'

const BLOCK_MS = BLOCK_SECONDS * 1_000
/** Clocks and networks are not exact. */
const MARGIN_MS = 5_000
// When the server refuses to let us wait (it is full, or has no connection to spare) we ask as often as this.
const REFUSED_PAUSE_MS = 1_000
// An UNBLOCK may overtake the wait that it is to end, on its other connection; then it is sent again.
const UNBLOCK_AGAIN_MS = 5

interface Wait {
  readonly line: Line
  /** Settles after what it claimed was told. */
  readonly ended: Promise<Ending['kind']>
  isOver: boolean
}

/**
 * Lets idle workers wait for jobs.
 *
 * For each queue one connection waits for its next job: a job wakes exactly one of all idle workers, and is never in
 * memory only. The first job ends the wait; the other connections are then unblocked over the main connection.
 * Connections are opened when first needed and used again.
 */
export class WaitingRoom {
  readonly #runtime: Runtime
  readonly #ground: Ground
  readonly #advance: AdvanceClaims
  readonly #closing = new AbortController()
  #idle: Line[] = []
  readonly #busy = new Set<Line>()

  constructor(runtime: Runtime, ground: Ground, advance: AdvanceClaims) {
    this.#runtime = runtime
    this.#ground = ground
    this.#advance = advance
    // Client ids are those of one server, and the next connection may be to another.
    ground.client.onLoss(() => this.#endLines())
  }

  /** See `Store.waitForJobs`. */
  async wait({ signal, ...request }: WaitRequest): Promise<void> {
    if (signal.aborted || this.#closing.signal.aborted) return
    const either = new AbortController()
    const end = () => either.abort()
    signal.addEventListener('abort', end, { once: true })
    this.#closing.signal.addEventListener('abort', end, { once: true })
    try {
      await this.#waitUntil({ ...request, queues: [...new Set(request.queues)], signal: either.signal })
    } finally {
      signal.removeEventListener('abort', end)
      this.#closing.signal.removeEventListener('abort', end)
    }
  }

  close(): void {
    this.#closing.abort()
    this.#endLines()
  }

  async #waitUntil(request: WaitRequest): Promise<void> {
    const { clock } = this.#runtime
    const { queues, signal: over } = request
    if (queues.length === 0) return clock.sleep(BLOCK_MS, over)
    const lines = await this.#take(queues.length)
    if (lines === null) {
      // Either there is no connection, or the server refuses something while there is one.
      if (!this.#ground.client.isConnected) return this.#waitOut(over)
      return clock.sleep(REFUSED_PAUSE_MS, over)
    }
    if (over.aborted) {
      this.#idle.push(...lines)
      return
    }
    const waits = queues.map((queue, index) => this.#begin(lines[index]!, queue, request))
    await this.#firstEnd(waits, over)
    this.#unblock(waits)
    const ends = await Promise.all(waits.map(({ ended }) => ended))
    if (!this.#ground.client.isConnected) await this.#waitOut(over)
    if (!ends.includes('lost') || this.#closing.signal.aborted) return
    const what = 'a wait for jobs was lost, and with it perhaps a job that it claimed'
    throw new StoreError('store.unknown', what, { retryable: true })
  }

  /** Until the store is back; but no wait lasts longer than one for a job. */
  async #waitOut(over: AbortSignal): Promise<void> {
    const enough = new AbortController()
    const either = AbortSignal.any([over, enough.signal])
    const { clock } = this.#runtime
    await Promise.race([this.#ground.client.whenConnected(either), clock.sleep(BLOCK_MS, either)])
    enough.abort()
  }

  /** So many free connections; null when that cannot be. */
  async #take(count: number): Promise<Line[] | null> {
    const lines: Line[] = []
    try {
      while (lines.length < count) {
        const line = this.#idle.pop()
        if (line === undefined) break
        if (line.connection.isOpen) lines.push(line)
      }
      const missing = Array.from({ length: count - lines.length }, () => this.#open())
      for (const opened of await Promise.allSettled(missing)) {
        if (opened.status === 'rejected') throw opened.reason
        lines.push(opened.value)
      }
      return lines
    } catch (error) {
      this.#idle.push(...lines)
      this.#runtime.logger.debug('cannot wait for jobs', { error })
      return null
    }
  }

  #open(): Promise<Line> {
    return this.#ground.client.openLine('capstan-wait', BLOCK_MS + MARGIN_MS)
  }

  #begin(line: Line, queue: string, { identity, taken }: WaitRequest): Wait {
    this.#busy.add(line)
    const ended = this.#advance.wait(line, { identity, queue }).then((ending) => {
      if (ending.kind === 'claimed') taken(ending.claims)
      wait.isOver = true
      this.#busy.delete(line)
      if (line.connection.isOpen) this.#idle.push(line)
      return ending.kind
    })
    const wait: Wait = { line, isOver: false, ended }
    return wait
  }

  /** Resolves with the first end that means something, or when the wait is given up. */
  #firstEnd(waits: readonly Wait[], over: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        over.removeEventListener('abort', done)
        resolve()
      }
      over.addEventListener('abort', done, { once: true })
      for (const { ended } of waits) {
        void ended.then(async (end) => {
          // The others may still be served; but nothing promises that.
          if (end === 'refused') await this.#runtime.clock.sleep(REFUSED_PAUSE_MS, over)
          done()
        })
      }
    })
  }

  #unblock(waits: readonly Wait[]): void {
    const { logger } = this.#runtime
    for (const wait of waits) {
      if (!wait.isOver) ignore(this.#unblockOne(wait), 'the wait ends by itself', logger)
    }
  }

  async #unblockOne(wait: Wait): Promise<void> {
    const { client } = this.#ground
    try {
      while (!wait.isOver) {
        const isUnblocked = await client.command(['CLIENT', 'UNBLOCK', wait.line.greeting.clientId])
        if (isUnblocked === 1) return
        await this.#runtime.clock.sleep(UNBLOCK_AGAIN_MS, this.#closing.signal)
      }
    } catch (error) {
      // Without the right to unblock, or without a connection: the server ends the wait with its connection.
      wait.line.connection.end({ kind: 'unanswered', why: 'the wait was given up' })
      throw error
    }
  }

  #endLines(): void {
    for (const line of [...this.#idle, ...this.#busy]) {
      line.connection.end({ kind: 'unanswered', why: 'the main connection was lost' })
    }
    this.#idle = []
  }
}
