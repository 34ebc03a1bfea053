import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from './reply.ts'

/**
 * Asks sudo whether it would run a command without a password, word for word. Says `refused` with the position.
 * @param argv without the words `sudo -n`
 */
export function mayRun(argv: readonly string[], position: number): Script {
  return {
    name: 'ask sudo',
    body: `${SAY}
position=$1; shift
sudo -n -l -- "$@" >/dev/null 2>&1 || say refused "$position"`,
    args: [String(position), ...argv],
    reads: true,
  }
}

/** The positions of what sudo refuses. */
export function refused(reply: Reply): number[] {
  return reply.all('refused').map(Number)
}
