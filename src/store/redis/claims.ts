import type { Claim, ExchangeReply, ExchangeRequest, Settlement } from '../exchange.ts'
import { type CallNames, queueOf } from './claim-token.ts'
import { type Ground, graveOf } from './ground.ts'
import type { Landings } from './landings.ts'
import { scoreOf } from './score.ts'
import {
  decodeExchange,
  type ExchangeReplyParts,
  exchange as exchangeScript,
  type MoveArgument,
} from './scripts/exchange.ts'
import { decodeHeld, inFlight as inFlightScript } from './scripts/landing.ts'
import { NOT_TEXT, readText } from './stored-text.ts'

/** Takes jobs for workers and takes them back. */
export class Claims {
  readonly #ground: Ground
  readonly #landings: Landings
  readonly #calls: CallNames

  constructor(ground: Ground, landings: Landings, calls: CallNames) {
    this.#ground = ground
    this.#landings = landings
    this.#calls = calls
  }

  async exchange(request: ExchangeRequest): Promise<ExchangeReply> {
    const { client, keys } = this.#ground
    const { identity, queues, count } = request
    const { done, moves } = this.#sort(request)
    const call = this.#calls.next()
    const look = this.#landings.look(identity, queues)
    const args: Array<string | number> = [identity, count, call]
    args.push(queues.length, look ? queues.length : 0, done.length, moves.length, ...queues)
    for (const settlement of done) args.push(settlement.token)
    for (const { token, to, payload, score, reason, queue } of moves) {
      args.push(token, to, payload === null ? '1' : '0', payload ?? '', score, reason, queue)
    }
    if (moves.length > 0) args.push(...graveOf(this.#ground, request.now))
    const reply = await client.run(exchangeScript, {
      keys: [
        keys.inFlight(identity),
        keys.workers,
        keys.paused,
        keys.queues,
        keys.dead,
        ...queues.map((queue) => keys.queue(queue)),
        ...(look ? queues.map((queue) => keys.landingPrefix(identity) + queue) : []),
        ...moves.map(({ key }) => key),
      ],
      args,
    })
    look?.found()
    const answer = replyOf(request, { parts: decodeExchange(reply), call, done, moves })
    return { ...answer, claims: await this.#judged(identity, answer.claims) }
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

  /**
   * Marks the claims whose bytes are no UTF-8. Only those can be that hold the character which stands for such
   * bytes, and their bytes are asked for once more.
   */
  async #judged(identity: string, claims: readonly Claim[]): Promise<Claim[]> {
    const doubtful = claims.filter(({ payload }) => payload.includes('\ufffd')).map(({ token }) => token)
    if (doubtful.length === 0) return [...claims]
    const { client, keys } = this.#ground
    const held = (await client.command(
      ['HMGET', keys.inFlight(identity), ...doubtful],
      true,
    )) as Array<Buffer | null>
    const unreadable = new Set(
      doubtful.filter((_, index) => {
        const bytes = held[index]
        return bytes && !readText(bytes).isExact
      }),
    )
    return claims.map((claim) => (unreadable.has(claim.token) ? { ...claim, unreadable: NOT_TEXT } : claim))
  }

  /** What is merely done, which is most, apart from what goes somewhere. */
  #sort({ settle }: ExchangeRequest): { done: Settlement[]; moves: MoveArgument[] } {
    const done: Settlement[] = []
    const moves: MoveArgument[] = []
    const moved = new Set<string>()
    for (const settlement of settle) {
      if (settlement.to === 'done' && !moved.has(settlement.token)) done.push(settlement)
      else {
        moved.add(settlement.token)
        moves.push(this.#move(settlement))
      }
    }
    return { done, moves }
  }

  #move(settlement: Settlement): MoveArgument {
    const { keys } = this.#ground
    const { token, to } = settlement
    const nothing = { payload: null, score: '', reason: '', queue: '' }
    switch (to) {
      // A second settlement of a job in the same call; it keeps its place behind the first, which wins.
      case 'done':
        return { ...nothing, token, to, key: keys.queues }
      case 'retry':
      case 'schedule': {
        const { payload, at } = settlement
        return { ...nothing, token, to, payload, score: scoreOf(at), key: keys[to] }
      }
      case 'dead': {
        const { payload, reason } = settlement
        return { ...nothing, token, to, payload, reason: reason ?? '', key: keys.dead }
      }
      case 'queue': {
        const queue = queueOf(token) ?? ''
        return { ...nothing, token, to, payload: settlement.payload, queue, key: keys.queue(queue) }
      }
    }
  }
}

interface Outcome {
  readonly parts: ExchangeReplyParts
  readonly call: string
  readonly done: readonly Settlement[]
  readonly moves: readonly MoveArgument[]
}

function replyOf({ queues, settle }: ExchangeRequest, outcome: Outcome): ExchangeReply {
  const { parts, call, done, moves } = outcome
  const claims: Claim[] = []
  for (const [position, payloads] of parts.taken) {
    const queue = queues[position - 1]!
    // The same names that the script gave them.
    for (const payload of payloads) {
      claims.push({ token: `${call}.${claims.length + 1}:${queue}`, queue, payload })
    }
  }
  const refused = [
    ...parts.refusedDone.map((position) => done[position - 1]!.token),
    ...parts.refusedMoves.map((position) => moves[position - 1]!.token),
  ]
  return {
    registered: parts.registered,
    claims,
    refused: refused.length < 2 ? refused : inOrder(refused, settle),
    paused: [...new Set(parts.paused.map((position) => queues[position - 1]!))],
  }
}

function inOrder(tokens: string[], settle: readonly Settlement[]): string[] {
  const place = new Map(settle.map(({ token }, index) => [token, index]))
  return tokens.toSorted((a, b) => place.get(a)! - place.get(b)!)
}
