import type { Settlement } from '../exchange.ts'
import { numberIn, queueOf, shareOf, tokenOf } from './claim-token.ts'
import type { Keys } from './keys.ts'
import { scoreOf } from './score.ts'
import type { ExchangeReplyParts } from './scripts/exchange.ts'
import type { MoveArgument } from './scripts/moves.ts'

/** The settlements of one exchange as the script takes them: what is merely done, which is most, is told in short. */
export class Settling {
  readonly moves: MoveArgument[] = []
  readonly #keys: Keys
  readonly #order: readonly Settlement[]
  readonly #moved = new Set<string>()
  /** Tokens of jobs that lie by themselves. */
  readonly #done: string[] = []
  /** Claim → numbers of its jobs. */
  readonly #shares = new Map<string, number[]>()
  /** The claim of the last token, which most often is that of the next one. */
  #claim = ''
  #numbers: number[] = []
  readonly #claims: Array<{ readonly claim: string; readonly marks: string }>

  constructor(keys: Keys, settle: readonly Settlement[]) {
    this.#keys = keys
    this.#order = settle
    for (const settlement of settle) {
      const isFirst = this.#moved.size === 0 || !this.#moved.has(settlement.token)
      if (settlement.to === 'done' && isFirst) this.#end(settlement.token)
      else this.#move(settlement)
    }
    this.#claims = [...this.#shares].map(([claim, numbers]) => ({
      claim,
      marks: this.#marks(claim, numbers),
    }))
  }

  /** Numbers of done tokens and of claims. */
  get sizes(): number[] {
    return [this.#done.length, this.#claims.length]
  }

  addDoneTo(args: Array<string | number>): void {
    for (const token of this.#done) args.push(token)
    for (const { claim, marks } of this.#claims) args.push(claim, marks)
  }

  addMovesTo(args: Array<string | number>): void {
    for (const { token, to, payload, score, reason, queue } of this.moves) {
      args.push(token, to, payload === null ? '1' : '0', payload ?? '', score, reason, queue)
    }
  }

  /** Tokens of what was refused, in the order of the settlements. */
  refused({ refusedDone, refusedShares, refusedMoves }: ExchangeReplyParts): string[] {
    if (refusedDone.length + refusedShares.length + refusedMoves.length === 0) return []
    const tokens = [
      ...refusedDone.map((position) => this.#done[position - 1]!),
      ...refusedShares.flatMap(([position, numbers]) =>
        numbers.map((number) => tokenOf({ claim: this.#claims[position - 1]!.claim, number })),
      ),
      ...refusedMoves.map((position) => this.moves[position - 1]!.token),
    ]
    const place = new Map(this.#order.map(({ token }, index) => [token, index]))
    return tokens.toSorted((a, b) => place.get(a)! - place.get(b)!)
  }

  #end(token: string): void {
    const known = this.#claim === '' ? 0 : numberIn(token, this.#claim)
    if (known > 0) {
      this.#numbers.push(known)
      return
    }
    const share = shareOf(token)
    if (share === null) {
      this.#done.push(token)
      return
    }
    this.#claim = share.claim
    this.#numbers = this.#shares.get(share.claim) ?? []
    this.#shares.set(share.claim, this.#numbers)
    this.#numbers.push(share.number)
  }

  #marks(claim: string, numbers: number[]): string {
    if (numbers.every((number, index) => number === index + 1)) return '1'.repeat(numbers.length)
    let marks = ''
    for (const number of numbers.sort((a, b) => a - b)) {
      // A second settlement of a job in the same call has its place behind the first, which wins.
      if (number <= marks.length) this.#move({ token: tokenOf({ claim, number }), to: 'done' })
      else marks += `${'0'.repeat(number - marks.length - 1)}1`
    }
    return marks
  }

  #move(settlement: Settlement): void {
    this.#moved.add(settlement.token)
    this.moves.push(moveOf(settlement, this.#keys))
  }
}

function moveOf(settlement: Settlement, keys: Keys): MoveArgument {
  const { token, to } = settlement
  const nothing = { payload: null, score: '', reason: '', queue: '' }
  switch (to) {
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
