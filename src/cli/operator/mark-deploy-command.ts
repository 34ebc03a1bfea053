import type { Command } from 'commander'
import type { DeployMark } from '../../admin/index.ts'
import { EXIT, printable, writeJson } from '../output.ts'
import { acts, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'

/** `capstan mark-deploy LABEL`: a line in the charts of Sidekiq 7 and 8. */
export function markDeployCommand(context: OperatorContext): Command {
  return operatorCommand('mark-deploy <label>', {
    about:
      'Mark a deploy in the charts of Sidekiq 7 and 8, on the Redis that it shares. Many hosts may do it: one mark stays.',
    examples: ['capstan mark-deploy "a1b2c3d add invoices"'],
  }).action(
    acts(context, async ({ admin, out }, label: string) => {
      const mark = await admin.markDeploy(label)
      if (mark === 'unsupported')
        return out.fail({
          code: 'store.unsupported',
          what: 'this store has no charts to mark',
          expected: 'a Redis',
          exitCode: EXIT.usage,
        })
      if (out.json) return writeJson(out, { label, mark })
      out.write(`${printable(label)}: ${WORDS[mark]}`)
    }),
  )
}

const WORDS: Readonly<Record<Exclude<DeployMark, 'unsupported'>, string>> = {
  marked: 'marked',
  repeated: 'marked already, less than a minute ago',
}
