import type { Command } from 'commander'
import { type PlaceName, placeName, readPlace } from '../../admin/index.ts'
import { EXIT, type Output, printable, writeJson } from '../output.ts'
import { knownPlace } from './known-place.ts'
import { acts, type Invocation, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { counted, shellWord } from './words.ts'

export interface ClearOptions {
  readonly yes?: boolean
}

/** `capstan clear PLACE`: deletes all jobs of a place, after a question. */
export function clearCommand(context: OperatorContext): Command {
  return operatorCommand('clear <place>', {
    about: 'Delete all jobs of a place for good: a queue, retry, scheduled or dead. Asks first.',
    examples: ['capstan clear dead', 'capstan clear queue:mail --yes'],
  })
    .option('--yes', 'do not ask; needed where nobody sits at a terminal')
    .action(
      acts<ClearOptions>(context, async (invocation, word: string) => {
        const known = await knownPlace(invocation.admin, word)
        return 'problem' in known ? invocation.out.fail(known.problem) : clearPlace(invocation, known.name)
      }),
    )
}

export async function clearPlace(
  { admin, out, options }: Invocation<ClearOptions>,
  place: PlaceName,
): Promise<void> {
  if ('running' in readPlace(place)) {
    return out.fail({
      code: 'admin.running',
      what: 'running jobs belong to their workers and cannot be cleared',
      expected: 'a queue, retry, scheduled or dead',
      next: 'stop the workers instead: capstan stop IDENTITY',
      exitCode: EXIT.usage,
    })
  }
  const { total } = await admin.jobs(place, { offset: 0, limit: 0 })
  if (options.yes !== true && total > 0 && !(await confirmed(out, place, total))) return
  const deleted = await admin.clear(place)
  if (out.json) return writeJson(out, { place: placeName(readPlace(place)), deleted })
  out.write(
    deleted === 0
      ? `${printable(place)} was empty already.`
      : `Deleted ${counted(deleted, 'job')} from ${printable(place)}.`,
  )
}

const UNCONFIRMED = 'clear.unconfirmed'

async function confirmed(out: Output, place: PlaceName, total: number): Promise<boolean> {
  const shown = printable(place)
  const answer = await out.ask(
    `Delete ${counted(total, 'job')} from ${shown} for good? Type "yes" to go on: `,
  )
  if (answer === null) {
    out.fail({
      code: UNCONFIRMED,
      what: `nothing was deleted: ${counted(total, 'job')} in ${place} would be lost for good, and there is no terminal to ask at`,
      expected: '--yes',
      next: `capstan clear ${shellWord(place)} --yes`,
      exitCode: EXIT.usage,
    })
    return false
  }
  if (answer.trim().toLowerCase() === 'yes') return true
  out.fail({ code: UNCONFIRMED, what: 'nothing was deleted', expected: 'the answer "yes"' })
  return false
}
