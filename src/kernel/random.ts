import { randomFillSync } from 'node:crypto'

/** The only source of chance. */
export interface Random {
  /** Uniform in [0, 1). */
  float(): number
  /** Lower-case hex digits of `sizeBytes` random bytes, for ids. */
  hex(sizeBytes: number): string
}

// One system call fills ids for hundreds of jobs: unpooled, a jid costs fifty times as much.
const POOL_BYTES = 8_192

/** Cryptographically strong chance from the operating system. */
export function systemRandom(): Random {
  const pool = Buffer.allocUnsafe(POOL_BYTES)
  let offset = POOL_BYTES
  const take = (sizeBytes: number): number => {
    if (offset + sizeBytes > POOL_BYTES) {
      randomFillSync(pool)
      offset = 0
    }
    offset += sizeBytes
    return offset - sizeBytes
  }
  return {
    float: () => pool.readUInt32LE(take(4)) / 2 ** 32,
    hex: (sizeBytes) => {
      const start = take(sizeBytes)
      return pool.toString('hex', start, start + sizeBytes)
    },
  }
}

/** Reproducible chance for tests and simulations (mulberry32). The same seed gives the same sequence. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const float = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const byte = () => Math.floor(float() * 256)
  return {
    float,
    hex: (sizeBytes) => Buffer.from(Array.from({ length: sizeBytes }, byte)).toString('hex'),
  }
}
