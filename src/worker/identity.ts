import type { Random } from '../kernel/random.ts'

/** `HOSTNAME:PID:NONCE`, as the wire has it; the nonce tells two lives of one pid apart. */
export function newIdentity(host: { hostname: string; pid: number }, random: Random): string {
  return `${host.hostname}:${host.pid}:${random.hex(6)}`
}
