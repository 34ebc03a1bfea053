import type { Command } from 'commander'
import { type EngineContext, engineCommands } from './engine-commands.ts'
import type { OperatorContext } from './operator/index.ts'

export type CommandContext = EngineContext & OperatorContext

/** What `capstan --help` says of each, in its order. */
const LISTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Jobs: {
    enqueue: 'enqueue one job',
    queues: 'show queues, their sizes and latencies',
    jobs: 'show or find jobs',
    retry: 'run jobs again now',
    kill: 'put jobs into the dead set',
    delete: 'delete jobs',
    clear: 'delete all jobs of a place',
    stats: 'show counts, of now and of the last days',
  },
  Workers: {
    init: 'write a configuration and a first job',
    dev: 'run a worker that starts again when a file changes',
    work: 'run a worker until it is told to stop',
    workers: 'show worker processes and what they run',
    pause: 'stop claims from a queue',
    resume: 'go on with a paused queue',
    quiet: 'ask workers or services to take no more jobs',
    stop: 'ask workers or services to end',
    recover: 'give the jobs of dead workers back',
  },
  Deploys: {
    setup: 'make the hosts of a stage ready, once',
    deploy: 'deploy a release to a stage',
    rollback: 'return to an earlier release',
    releases: 'show the releases on the hosts',
    status: 'show what is live and what runs',
    start: 'start services of a stage',
    restart: 'restart services of a stage',
    logs: 'show the log of a service',
    shell: 'open a shell on a host, in its release',
    lock: 'close a stage to deploys',
    unlock: 'open it again',
    audit: 'show who did what',
    config: 'show the configuration of a stage',
    'mark-deploy': "draw a line in the charts of Sidekiq's dashboard",
    'import-cap': 'write a configuration from Capistrano files',
  },
  systemd: {
    doctor: 'look at this machine or the hosts of a stage',
    unit: 'print, explain, check and compare units',
    sudoers: 'print the sudo rules that are enough',
  },
}
const NAMES = Object.values(LISTED).flatMap((group) => Object.keys(group))

/**
 * The commands for these words, in the order in which help lists them.
 *
 * Workers, their recovery and clients start often and must start fast: for them the rest is not loaded.
 */
export async function commandsFor(words: readonly string[], context: CommandContext): Promise<Command[]> {
  const engine = engineCommands(context)
  if (engine.some((command) => command.name() === words[0])) return listed(engine)
  const [{ operatorCommands }, { systemdCommands }, { deployCommands }] = await Promise.all([
    import('./operator/index.ts'),
    import('./systemd/index.ts'),
    import('./deploy/index.ts'),
  ])
  const more = [...operatorCommands(context), ...systemdCommands(context), ...deployCommands(context)]
  return listed([...engine, ...more])
}

function listed(commands: readonly Command[]): Command[] {
  for (const [group, summaries] of Object.entries(LISTED))
    for (const command of commands) {
      const summary = summaries[command.name()]
      if (summary !== undefined) command.helpGroup(`${group}:`).summary(summary)
    }
  return commands.toSorted((one, other) => NAMES.indexOf(one.name()) - NAMES.indexOf(other.name()))
}
