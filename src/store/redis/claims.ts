import type { Logger } from '../../kernel/logger.ts'
import type { Runtime } from '../../kernel/runtime.ts'
import type { Claim, ExchangeReply, ExchangeRequest } from '../exchange.ts'
import { CallNames, queueOf, shareOf, tokenOf } from './claim-token.ts'
import type { Line } from './dialer.ts'
import { type Ground, graveOf } from './ground.ts'
import type { Landings } from './landings.ts'
import { ReplyError } from './reply-parser.ts'
import { evalsha, formFor, type ScriptCall } from './script.ts'
import {
  decodeExchange,
  type ExchangeReplyParts,
  exchange as exchangeScript,
  LEAST_LIST,
} from './scripts/exchange.ts'
import { decodeHeld, inFlight as inFlightScript } from './scripts/landing.ts'
import { Settling } from './settling.ts'
import { NOT_TEXT, readText } from './stored-text.ts'

/**
 * Of so many queues, the first ones asked, a list is read with the call, and of those that gave one last time. One of
 * another queue costs a round trip more; to ask for all would cost each call a command for each of fifty queues.
 */
const READ_AHEAD = 4

/** Where a wait lets a job land. */
export interface Landed {
  readonly identity: string
  readonly queue: string
}

/** One exchange under way. */
interface Call extends Pick<ExchangeRequest, 'identity' | 'queues' | 'count'> {
  readonly name: string
  readonly settling: Settling
  /** What the script needs to bury jobs, when it has to. */
  readonly grave: readonly string[]
  /** The queues of which a job may have landed. */
  readonly landed: readonly string[]
}

/** Takes jobs for workers and takes them back. */
export class Claims {
  readonly #ground: Ground
  readonly #landings: Landings
  /** Queues of which the last call made a list. */
  #fruitful: ReadonlySet<string> = new Set()
  readonly #calls: CallNames
  readonly #logger: Logger
  /** Queues of which the log says that their keys are no lists. */
  readonly #noLists = new Set<string>()

  constructor(runtime: Runtime, ground: Ground, landings: Landings) {
    this.#ground = ground
    this.#landings = landings
    this.#calls = new CallNames(runtime.clock.now(), runtime.random)
    this.#logger = runtime.logger
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const { identity, queues, count, settle, now } = request
    const settling = new Settling(this.#ground.keys, settle)
    const look = this.#landings.look(identity, queues)
    const call: Call = {
      ...{ name: this.#calls.next(), identity, queues, count, settling },
      landed: look ? queues : [],
      grave: settling.moves.length > 0 ? graveOf(this.#ground, now) : [],
    }
    const ran = this.#ground.client.run(exchangeScript, this.#scriptCall(call)).then(decodeExchange)
    // They go out with the script in one write, and find the lists that it makes.
    const ahead =
      count < LEAST_LIST ? [] : queues.filter((queue, at) => at < READ_AHEAD || this.#fruitful.has(queue))
    const answers = Promise.all([ran, ...ahead.map((queue) => this.#list(call, queue))])
    this.#ground.client.flush()
    const [parts, ...lists] = await answers
    look?.found()
    const claims = await this.#claims(call, parts, new Map(lists.map((list, at) => [ahead[at]!, list])))
    const noLists = parts.noLists.map((position) => queues[position - 1]!)
    this.#report(noLists)
    const paused = parts.paused.map((position) => queues[position - 1]!)
    return {
      registered: parts.registered,
      claims: await this.#judged(identity, claims),
      refused: settling.refused(parts),
      // Neither is worth waiting for, and both are to be asked for again.
      paused: [...new Set([...paused, ...noLists])],
    }
  }

  /**
   * Claims the job that a wait, sent just before on the same line, moves to its landing list. Both go out together, and
   * the server runs the second when the first ends.
   *
   * @returns null when the server refused: the job stays where it landed
   * @throws StoreError when the answer was lost
   */
  async landed(line: Line, { identity, queue }: Landed): Promise<Claim[] | null> {
    const call: Call = {
      ...{ name: this.#calls.next(), identity, queues: [queue], count: 1 },
      ...{ settling: new Settling(this.#ground.keys, []), landed: [queue], grave: [] },
    }
    const text = formFor(line.greeting.major, exchangeScript)
    const reply = await line.connection.request(evalsha(text, this.#scriptCall(call)))
    if (reply instanceof ReplyError) return null
    return this.#judged(identity, await this.#claims(call, decodeExchange(reply), new Map()))
  }

  async inFlight(identity: string): Promise<Claim[]> {
    const { client, keys } = this.#ground
    const reply = await client.run(inFlightScript, {
      keys: [keys.landings(identity), keys.queues, keys.inFlight(identity)],
      args: [keys.landingPrefix(identity), keys.queuePrefix],
    })
    const claims = decodeHeld<string>(reply).map(([token, payload]) => ({
      token,
      queue: queueOf(token) ?? '',
      payload,
    }))
    return this.#judged(identity, claims)
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

  #scriptCall({ name, identity, queues, count, settling, landed, grave }: Call): ScriptCall {
    const { keys } = this.#ground
    const { moves } = settling
    const calledFor = [keys.inFlight(identity), keys.workers, keys.paused]
    for (const queue of queues) calledFor.push(keys.queue(queue))
    const args: Array<string | number> = [identity, count, name, queues.length, ...settling.sizes, ...queues]
    settling.addDoneTo(args)
    if (landed.length + moves.length > 0) {
      calledFor.push(keys.queues, keys.dead)
      for (const queue of landed) calledFor.push(keys.landingPrefix(identity) + queue)
      for (const { key } of moves) calledFor.push(key)
      args.push(landed.length, moves.length)
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

  /**
   * Marks the claims whose bytes are no UTF-8. Only those can be that hold the character which stands for such
   * bytes, and their bytes are asked for once more.
   */
  async #judged(identity: string, claims: Claim[]): Promise<Claim[]> {
    const judge = async (claim: Claim): Promise<Claim> => {
      if (!claim.payload.includes('\ufffd')) return claim
      const bytes = await this.#bytesOf(identity, claim.token)
      return bytes && !readText(bytes).isExact ? { ...claim, unreadable: NOT_TEXT } : claim
    }
    const isDoubtful = claims.some(({ payload }) => payload.includes('\ufffd'))
    return isDoubtful ? Promise.all(claims.map(judge)) : claims
  }

  async #bytesOf(identity: string, token: string): Promise<Buffer | null> {
    const { client, keys } = this.#ground
    const share = shareOf(token)
    const command =
      share === null
        ? ['HGET', keys.inFlight(identity), token]
        : ['LINDEX', keys.claim(identity, share.claim), -share.number]
    return (await client.command(command, true)) as Buffer | null
  }
}
