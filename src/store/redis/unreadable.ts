import type { Claim } from '../exchange.ts'
import { shareOf } from './claim-token.ts'
import type { Ground } from './ground.ts'
import { NOT_TEXT, readText } from './stored-text.ts'

/** What a decoder leaves where it found bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd'

/**
 * Marks the claims whose bytes are no UTF-8. Only those can be that hold the character which stands for such bytes, and
 * their bytes are asked for once more.
 */
export async function markUnreadable(ground: Ground, identity: string, claims: Claim[]): Promise<Claim[]> {
  const judge = async (claim: Claim): Promise<Claim> => {
    if (!claim.payload.includes(REPLACEMENT)) return claim
    const bytes = await bytesOf(ground, identity, claim.token)
    return bytes && !readText(bytes).isExact ? { ...claim, unreadable: NOT_TEXT } : claim
  }
  const isDoubtful = claims.some(({ payload }) => payload.includes(REPLACEMENT))
  return isDoubtful ? Promise.all(claims.map(judge)) : claims
}

async function bytesOf({ client, keys }: Ground, identity: string, token: string): Promise<Buffer | null> {
  const share = shareOf(token)
  const command =
    share === null
      ? ['HGET', keys.inFlight(identity), token]
      : ['LINDEX', keys.claim(identity, share.claim), -share.number]
  return (await client.command(command, true)) as Buffer | null
}
