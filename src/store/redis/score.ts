import type { EpochMs } from '../../kernel/clock.ts'

/** A moment as a score: seconds with a fraction, as Sidekiq writes them. */
export function scoreOf(at: EpochMs): string {
  return String(at / 1000)
}

/** The moment of a score. A whole number of milliseconds comes back as one. */
export function momentOf(score: string): EpochMs {
  const seconds = Number(score)
  const whole = Math.round(seconds * 1000)
  return whole / 1000 === seconds ? whole : seconds * 1000
}
