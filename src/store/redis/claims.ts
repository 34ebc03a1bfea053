import type { Logger } from '../../kernel/logger.ts'
import type { Claim, ExchangeReply, ExchangeRequest } from '../exchange.ts'
import { type CallNames, tokenOf } from './claim-token.ts'
import { type Ground, graveOf } from './ground.ts'
import type { ScriptCall } from './script.ts'
import {
  decodeExchange,
  type ExchangeReplyParts,
  exchange as exchangeScript,
  LEAST_LIST,
} from './scripts/exchange.ts'
import { Settling } from './settling.ts'
import { markUnreadable } from './unreadable.ts'

/**
 * Of so many queues, the first ones asked, a list is read with the call, and of those that gave one last time. One of
 * another queue costs a round trip more; to ask for all would cost each call a command for each of fifty queues.
 */
const READ_AHEAD = 4

/** One exchange under way. */
interface Call extends Pick<ExchangeRequest, 'identity' | 'queues' | 'count'> {
  readonly name: string
  readonly settling: Settling
  /** What the script needs to bury jobs, when it has to. */
  readonly grave: readonly string[]
}

/** Takes jobs for workers and takes them back. */
export class Claims {
  readonly #ground: Ground
  /** Queues of which the last call made a list. */
  #fruitful: ReadonlySet<string> = new Set()
  readonly #calls: CallNames
  readonly #logger: Logger
  /** Queues of which the log says that their keys are no lists. */
  readonly #noLists = new Set<string>()

  constructor(logger: Logger, ground: Ground, calls: CallNames) {
    this.#ground = ground
    this.#calls = calls
    this.#logger = logger
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const { identity, queues, count, settle, now } = request
    const settling = new Settling(this.#ground.keys, settle)
    const call: Call = {
      ...{ name: this.#calls.next(), identity, queues, count, settling },
      grave: settling.moves.length > 0 ? graveOf(this.#ground, now) : [],
    }
    const ran = this.#ground.client.run(exchangeScript, this.#scriptCall(call)).then(decodeExchange)
    // They go out with the script in one write, and find the lists that it makes.
    const ahead =
      count < LEAST_LIST ? [] : queues.filter((queue, at) => at < READ_AHEAD || this.#fruitful.has(queue))
    const answers = Promise.all([ran, ...ahead.map((queue) => this.#list(call, queue))])
    this.#ground.client.flush()
    const [parts, ...lists] = await answers
    const claims = await this.#claims(call, parts, new Map(lists.map((list, at) => [ahead[at]!, list])))
    const noLists = parts.noLists.map((position) => queues[position - 1]!)
    this.#report(noLists)
    const paused = parts.paused.map((position) => queues[position - 1]!)
    return {
      registered: parts.registered,
      claims: await markUnreadable(this.#ground, identity, claims),
      refused: settling.refused(parts),
      // Neither is worth waiting for, and both are to be asked for again.
      paused: [...new Set([...paused, ...noLists])],
    }
  }

  /** Once for each, until it is a list again. */
  #report(noLists: readonly string[]): void {
    if (noLists.length === 0 && this.#noLists.size === 0) return
    for (const queue of noLists) {
      if (this.#noLists.has(queue)) continue
      const key = this.#ground.keys.queue(queue)
      this.#logger.error(
        'no job can be taken from a queue: its key holds something else than a list; rename the key or remove it',
        { queue, key },
      )
    }
    this.#noLists.clear()
    for (const queue of noLists) this.#noLists.add(queue)
  }

  #scriptCall({ name, identity, queues, count, settling, grave }: Call): ScriptCall {
    const { keys } = this.#ground
    const { moves } = settling
    const calledFor = [keys.inFlight(identity), keys.workers, keys.paused]
    for (const queue of queues) calledFor.push(keys.queue(queue))
    const args: Array<string | number> = [identity, count, name, queues.length, ...settling.sizes, ...queues]
    settling.addDoneTo(args)
    if (moves.length > 0) {
      calledFor.push(keys.queues, keys.dead)
      for (const { key } of moves) calledFor.push(key)
      args.push(moves.length)
      settling.addMovesTo(args)
      args.push(...grave)
    }
    return { keys: calledFor, args }
  }

  async #list({ name, identity }: Call, queue: string): Promise<string[]> {
    const { client, keys } = this.#ground
    const key = keys.claim(identity, `${name}:${queue}`)
    return (await client.command(['LRANGE', key, 0, -1])) as string[]
  }

  /** @param read lists by their queue, as far as they were asked for, the first job last */
  async #claims(
    call: Call,
    { taken }: ExchangeReplyParts,
    read: ReadonlyMap<string, readonly string[]>,
  ): Promise<Claim[]> {
    const claims: Claim[] = []
    const fruitful = new Set<string>()
    let single = 0
    for (const [position, got] of taken) {
      const queue = call.queues[position - 1]!
      // The same names that the script gives them.
      if (typeof got !== 'number') {
        for (const payload of got) {
          single += 1
          claims.push({ token: `${call.name}.${single}:${queue}`, queue, payload })
        }
        continue
      }
      fruitful.add(queue)
      const claim = `${call.name}:${queue}`
      const early = read.get(queue)
      // A script that the server had forgotten ran after the list was read.
      const list = early?.length === got ? early : await this.#list(call, queue)
      for (let number = 1; number <= list.length; number++) {
        claims.push({ token: tokenOf({ claim, number }), queue, payload: list.at(-number)! })
      }
    }
    if (fruitful.size > 0) this.#fruitful = fruitful
    return claims
  }
}
