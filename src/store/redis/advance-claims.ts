import { ignore } from '../../kernel/ignore.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { Claim } from '../exchange.ts'
import { type CallNames, tokenOf } from './claim-token.ts'
import type { Claims } from './claims.ts'
import type { Line } from './dialer.ts'
import type { Ground } from './ground.ts'
import { type Reply, ReplyError } from './reply-parser.ts'
import { markUnreadable } from './unreadable.ts'

/** A wait on the server ends after this long: a job can come to a worker that is gone no later than that. Below the lease. */
export const BLOCK_SECONDS = 30

/** How one wait ended: with a job, for nothing, because the server refused it, or nobody knows. */
export type Ending =
  | { readonly kind: 'claimed'; readonly claims: readonly Claim[] }
  | { readonly kind: 'nothing' | 'refused' | 'lost' }

/** For whom, and the next job of which queue. */
export interface Order {
  readonly identity: string
  readonly queue: string
}

/**
 * Claims jobs before they are there.
 *
 * The record of the worker names a claim, and then one connection blocks in a BLMOVE from the queue to the list of that
 * claim: the step in which a job leaves its queue is the one that claims it. What may have changed meanwhile is asked
 * behind the wait, so that all answers come together.
 */
export class AdvanceClaims {
  readonly #runtime: Runtime
  readonly #ground: Ground
  readonly #calls: CallNames
  readonly #claims: Claims
  /** Name of an order → a claim whose wait ended for nothing: it stands in the record for the next one. */
  readonly #unused = new Map<string, string>()
  /** Identity → claims of which nobody knows whether their job came, or comes yet. */
  readonly #doubtful = new Map<string, Set<string>>()

  constructor(runtime: Runtime, ground: Ground, { calls, claims }: { calls: CallNames; claims: Claims }) {
    this.#runtime = runtime
    this.#ground = ground
    this.#calls = calls
    this.#claims = claims
  }

  /** Waits on this line, which does nothing else meanwhile. Never rejects. */
  async wait(line: Line, order: Order): Promise<Ending> {
    const claim = this.#claimFor(line, order)
    try {
      const [moved, ...state] = await this.#replies(line, order, claim)
      if (typeof moved === 'string') return await this.#came(order, { claim, payload: moved, state })
      if (moved instanceof ReplyError) this.#withdraw(line, order, claim)
      else this.#unused.set(nameOf(order), claim)
      return { kind: moved instanceof ReplyError ? 'refused' : 'nothing' }
    } catch (error) {
      this.#runtime.logger.debug('a wait for a job was lost', { queue: order.queue, error })
      return this.#lost(order, claim)
    }
  }

  /** Claims that a comparison of the record has to decide about. */
  doubtful(identity: string): readonly string[] {
    return [...(this.#doubtful.get(identity) ?? [])]
  }

  /** They were decided about. */
  decided(identity: string, claims: readonly string[]): void {
    const doubtful = this.#doubtful.get(identity)
    for (const claim of claims) doubtful?.delete(claim)
  }

  /** One that stands in the record, or will when the server has come to the wait. */
  #claimFor({ connection }: Line, order: Order): string {
    const name = nameOf(order)
    const unused = this.#unused.get(name)
    this.#unused.delete(name)
    if (unused !== undefined) return unused
    const claim = `${this.#calls.next()}:${order.queue}`
    const recorded = connection.request(['HSET', this.#ground.keys.inFlight(order.identity), claim, '1'])
    ignore(recorded, 'a later reply tells', this.#runtime.logger)
    return claim
  }

  /** What was moved; then whether the claim is recorded, the worker registered, the queue paused. */
  #replies({ connection }: Line, { identity, queue }: Order, claim: string): Promise<Reply[]> {
    const { keys } = this.#ground
    const record = keys.inFlight(identity)
    const list = keys.claim(identity, claim)
    return Promise.all([
      connection.request(['BLMOVE', keys.queue(queue), list, 'RIGHT', 'LEFT', BLOCK_SECONDS]),
      connection.request(['HEXISTS', record, claim]),
      connection.request(['HEXISTS', keys.workers, identity]),
      connection.request(['SISMEMBER', keys.paused, queue]),
    ])
  }

  async #came(order: Order, { claim, payload, state }: Arrival): Promise<Ending> {
    const { identity, queue } = order
    const [recorded, registered, paused] = state
    // The server has lost its data meanwhile, or had no room for the record.
    if (recorded !== 1) return this.#lost(order, claim)
    const token = tokenOf({ claim, number: 1 })
    if (registered === 1 && paused === 0) {
      const claims = [{ token, queue, payload }]
      return { kind: 'claimed', claims: await markUnreadable(this.#ground, identity, claims) }
    }
    const settle = [{ token, to: 'queue', payload: null }] as const
    await this.#claims.exchange({ identity, now: this.#runtime.clock.now(), settle, queues: [], count: 0 })
    return { kind: 'nothing' }
  }

  #withdraw({ connection }: Line, { identity }: Order, claim: string): void {
    const command = ['HDEL', this.#ground.keys.inFlight(identity), claim]
    ignore(connection.request(command), 'it goes with the worker', this.#runtime.logger)
  }

  #lost({ identity }: Order, claim: string): Ending {
    const doubtful = this.#doubtful.get(identity) ?? new Set()
    this.#doubtful.set(identity, doubtful.add(claim))
    return { kind: 'lost' }
  }
}

function nameOf({ identity, queue }: Order): string {
  return `${identity} ${queue}`
}

/** A job that came. */
interface Arrival {
  readonly claim: string
  readonly payload: string
  /** Replies of the server, not looked at yet. */
  readonly state: readonly Reply[]
}
