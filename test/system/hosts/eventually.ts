import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 20

/** Looks again and again until there is something; fails with what was expected after `limitMs`. */
export async function eventually<Found>(
  what: string,
  limitMs: number,
  look: () => Promise<Found | null | undefined | false> | Found | null | undefined | false,
): Promise<Found> {
  const endsAt = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined && found !== false) return found
    if (performance.now() > endsAt) throw new Error(`not within ${limitMs / 1_000} s: ${what}`)
    await sleep(LOOK_EVERY_MS)
  }
}
