import type { Command } from 'commander'
import { printable, writeJson } from '../output.ts'
import { knownQueue } from './known-place.ts'
import { acts, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { shellWord } from './words.ts'

/** `capstan pause QUEUE`: no worker takes jobs from it until it is resumed. */
export function pauseCommand(context: OperatorContext): Command {
  return pausing(context, 'pause')
}

/** `capstan resume QUEUE`. */
export function resumeCommand(context: OperatorContext): Command {
  return pausing(context, 'resume')
}

const ABOUT = {
  pause:
    'Stop workers from taking jobs out of a queue. Jobs can still be enqueued; running ones go on. A Sidekiq of Ruby on the same queue knows no pause, unless it is Pro.',
  resume: 'Let workers take jobs from a paused queue again.',
}

const DONE = {
  pause: (queue: string) =>
    `Paused ${printable(queue)}: its jobs wait until "capstan resume ${printable(shellWord(queue))}".`,
  resume: (queue: string) => `Resumed ${printable(queue)}: workers take its jobs again.`,
}

function pausing(context: OperatorContext, verb: 'pause' | 'resume'): Command {
  return operatorCommand(`${verb} <queue>`, { about: ABOUT[verb], examples: [`capstan ${verb} mail`] })
    .option('--force', 'also a queue that never held a job and that no worker serves')
    .action(
      acts<{ force?: boolean }>(context, async ({ admin, out, options }, queue: string) => {
        const known = await knownQueue(admin, queue)
        if ('problem' in known && options.force !== true) {
          const next = [
            known.problem.next,
            `to ${verb} it all the same: capstan ${verb} ${shellWord(queue)} --force`,
          ]
          return out.fail({ ...known.problem, next: next.filter((hint) => hint !== undefined).join('; or ') })
        }
        await admin.pause(queue, verb === 'pause')
        if (out.json) return writeJson(out, { queue, paused: verb === 'pause' })
        out.write(DONE[verb](queue))
      }),
    )
}
