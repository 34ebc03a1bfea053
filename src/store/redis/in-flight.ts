import type { Claim } from '../exchange.ts'
import type { AdvanceClaims } from './advance-claims.ts'
import { queueOf } from './claim-token.ts'
import type { Ground } from './ground.ts'
import { decodeHeld, inFlight as inFlightScript } from './scripts/held.ts'
import { markUnreadable } from './unreadable.ts'

/** `Store.inFlight`. */
export const inFlight =
  (ground: Ground, advance: AdvanceClaims) =>
  async (identity: string): Promise<Claim[]> => {
    const { client, keys } = ground
    const doubtful = advance.doubtful(identity)
    const reply = await client.run(inFlightScript, {
      keys: [keys.inFlight(identity), keys.queues],
      args: [keys.queuePrefix, ...doubtful],
    })
    advance.decided(identity, doubtful)
    const claims = decodeHeld<string>(reply).map(([token, payload]) => ({
      token,
      queue: queueOf(token) ?? '',
      payload,
    }))
    return markUnreadable(ground, identity, claims)
  }
