import type { Command } from 'commander'
import { SILENT_AFTER_MS, type WorkerOrder, type WorkerView } from '../../admin/index.ts'
import { UsageError } from '../../kernel/errors.ts'
import { doToServices } from '../deploy/service-commands.ts'
import { withStageFlags } from '../deploy/stage-command.ts'
import type { StageFlags } from '../deploy/stage-session.ts'
import { EXIT, type Problem, printable, writeJson } from '../output.ts'
import { unknown } from './known-place.ts'
import { acts, type Invocation, operatorCommand } from './operator-command.ts'
import type { OperatorContext } from './operator-context.ts'
import { lengthOfTime } from './words.ts'

interface SignalOptions extends StageFlags {
  readonly all?: boolean
}

/** `capstan quiet STAGE [SERVICE]`, `capstan quiet IDENTITY`: they take no more jobs and finish those they have. */
export function quietCommand(context: OperatorContext): Command {
  return signalling(context, 'quiet')
}

/** `capstan stop STAGE [SERVICE]`, `capstan stop IDENTITY`: they drain and end. */
export function stopCommand(context: OperatorContext): Command {
  return signalling(context, 'stop')
}

const ABOUT = {
  quiet: 'Ask workers to take no more jobs. What they run, they finish; the process stays.',
  stop: 'Ask workers to end: they take no more jobs, finish what they run within their time, hand the rest back, and exit. One whose unit says Restart=always, as ours do, is started again: told by its identity it restarts; "capstan stop STAGE" or "systemctl stop UNIT" ends it for good.',
}

const TARGETS = [
  'A stage of the configuration means its services on its hosts, at once, through systemd.',
  'Another word is the identity of a worker out of "capstan workers", its host, or HOST:PID, and goes through the store.',
  'Where a host is called like a stage, HOST: with a colon means the host.',
].join(' ')

const TOLD = {
  quiet: 'is told to take no more jobs; it obeys at its next heartbeat.',
  stop: 'is told to stop; it obeys at its next heartbeat. Its unit, if it has one, starts it again; systemctl stop does not.',
}

function signalling(context: OperatorContext, order: WorkerOrder): Command {
  const command = operatorCommand(`${order} [target] [service]`, {
    about: `${ABOUT[order]}\n\n${TARGETS}`,
    examples: [
      ...[`capstan ${order} production`, `capstan ${order} production sidekiq --hosts web-1`],
      ...[`capstan ${order} web1:4711:0123456789ab`, `capstan ${order} web1`, `capstan ${order} --all`],
    ],
  })
  const toWorkers = acts<SignalOptions>(context, (invocation, ...words: (string | undefined)[]) =>
    tell(invocation, order, words),
  )
  return withStageFlags(command)
    .option('--all', 'all workers that the store knows')
    .action(async (target: string | undefined, service: string | undefined, flags: SignalOptions) => {
      if (flags.all || target === undefined || !(await isStage(context, target)))
        return toWorkers(target, service, flags, command)
      return doToServices(context, order, { stage: target, service, flags })
    })
}

async function isStage({ session }: OperatorContext, word: string): Promise<boolean> {
  const { config } = await session().config()
  return Object.hasOwn(config.deploy?.stages ?? {}, word)
}

async function tell(
  { admin, out, options }: Invocation<SignalOptions>,
  order: WorkerOrder,
  [word, service]: readonly (string | undefined)[],
): Promise<void> {
  if ((word === undefined) === (options.all !== true)) {
    throw new UsageError(
      'options.invalid',
      `${order}: expected either a stage, the identity of a worker, or --all; see capstan workers`,
    )
  }
  if (service ?? options.hosts ?? options.roles ?? options.set)
    throw new UsageError(
      'options.invalid',
      `${order}: a service, --hosts, --roles and --set go with a stage of the configuration${word === undefined ? '' : `, and "${word}" is none`}`,
    )
  const workers = await admin.workers()
  const meant = workers.filter(({ identity }) => word === undefined || isMeant(identity, word))
  if (meant.length === 0) return out.fail(nobody(workers, word))
  const results = []
  for (const { identity } of meant) results.push({ identity, told: await admin.signal(identity, order) })
  if (out.json) writeJson(out, { order, workers: results })
  for (const { identity, told } of results) {
    if (!told) out.fail({ code: 'worker.gone', what: `${identity} ended before it could be told` })
    else if (!out.json) out.write(`${printable(identity)} ${TOLD[order]}`)
  }
  for (const worker of meant.filter(({ state }) => state === 'silent')) out.note(silence(worker))
}

/** A whole identity, or its host, or its host and pid; `web1` does not mean `web10`. */
function isMeant(identity: string, word: string): boolean {
  return identity === word || identity.startsWith(word.endsWith(':') ? word : `${word}:`)
}

function silence({ identity, silentForMs }: WorkerView): string {
  const limit = lengthOfTime(SILENT_AFTER_MS)
  return `warning: ${printable(identity)} was not heard of for ${lengthOfTime(silentForMs)} (more than ${limit}): it may be dead and never obey.`
}

function nobody(workers: readonly WorkerView[], word: string | undefined): Problem {
  if (word === undefined || workers.length === 0) {
    return {
      code: 'workers.none',
      what: 'no workers are registered',
      expected: 'a running worker',
      next: 'see whether its service is up',
      exitCode: EXIT.nothingMatched,
    }
  }
  const names = workers.map(({ identity }) => identity)
  return unknown('worker.unknown', `no worker is called "${word}"`, { word, names })
}
