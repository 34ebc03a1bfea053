import { Command, Option } from 'commander'
import type { EnqueueFlags } from './enqueue.ts'
import { type Output, printable, writeJson } from './output.ts'
import type { RecoverFlags } from './recover.ts'
import type { Session } from './session.ts'
import type { WorkFlags } from './work.ts'

export interface EngineContext {
  /** `info`: a long-running command tells what it does; others speak only of trouble. */
  readonly session: (level?: 'info') => Session
  readonly out: Output
}

const SIGNALS = `
Signals:
  TSTP        quiet: claim no more jobs, finish what runs
  TERM, INT   drain: running jobs are told, and handed back untouched when the timeout is over; twice: at once
  TTIN        log what runs
Exit codes: 0 drained and left · 1 failed (what was in flight is recovered by the next worker) · 2 wrong usage

Example: capstan work --concurrency 20 --queue mail,3 --queue default,1`

const RECOVER_EXAMPLES = `
Examples:
  capstan recover web-1:4242:a1b2c3d4e5f6
  ExecStopPost=-… capstan recover --unit %n     in a unit: with what systemd knows of the death`

/** The commands that make, run and rescue jobs. Each loads what it needs when it is called: a dead worker's jobs wait. */
export function engineCommands(context: EngineContext): Command[] {
  return [
    workCommand(context),
    devCommand(context),
    enqueueCommand(context),
    recoverCommand(context),
    initCommand(context),
  ]
}

function withWorkFlags(command: Command): Command {
  return command
    .option('-c, --concurrency <number>', 'jobs at a time')
    .option(
      '-q, --queue <name[,weight]>',
      'a queue; repeat it for more, in strict order or with weights',
      (word: string, words: string[] = []) => [...words, word],
    )
    .option('-t, --timeout <duration>', 'how long running jobs may go on at a stop')
    .option('-g, --tag <text>', 'shown to operators beside the process')
}

function workCommand({ session }: EngineContext): Command {
  return (
    withWorkFlags(new Command('work').description('run a worker until it is told to stop'))
      // How `capstan dev` starts it.
      .addOption(new Option('--attached').hideHelp())
      .addHelpText('after', SIGNALS)
      .action(async (flags: WorkFlags) => (await import('./work.ts')).work(session('info'), flags))
  )
}

function devCommand({ session }: EngineContext): Command {
  return new Command('dev')
    .description('run a worker that logs every job and starts again when a source file changes')
    .allowUnknownOption()
    .argument('[options...]', 'passed on to capstan work')
    .addHelpText('after', '\nExample: capstan dev --concurrency 2')
    .action(async (words: string[]) => (await import('./dev.ts')).dev(session('info'), words))
}

function enqueueCommand({ session, out }: EngineContext): Command {
  return answering(new Command('enqueue'))
    .description('enqueue one job')
    .argument('<job>', 'its name on the wire')
    .argument(
      '[arguments...]',
      'as JSON; what is not JSON is a string. A schema of the job checks them; types alone are not there to do it',
    )
    .option('--in <duration>', 'run it after this time')
    .option('--queue <name>', 'in place of its own queue')
    .addHelpText('after', '\nExample: capstan enqueue Greet \'"Ada"\' --in 10m')
    .action(async (...[name, words, flags, command]: [string, string[], EnqueueFlags, Command]) => {
      const { enqueue } = await import('./enqueue.ts')
      const jid = await enqueue(session(), name, { words, flags })
      const line = jid === null ? 'a middleware kept the job out' : `enqueued ${name} as ${jid}`
      answer(out, command, { document: { jid }, lines: [line] })
    })
}

function recoverCommand({ session, out }: EngineContext): Command {
  return answering(new Command('recover'))
    .description('give the jobs of dead workers back to their queues')
    .argument(
      '[identity]',
      'one worker, as `capstan workers` names it; without it all dead processes of this host',
    )
    .option('--unit <name>', 'the dead worker of this systemd service; for ExecStopPost, with %n')
    .option('--cause <text>', 'what it died of; kept with each job')
    .option('--force', 'also the one that was named when it runs elsewhere and was heard of a moment ago')
    .addHelpText('after', RECOVER_EXAMPLES)
    .action(async (identity: string | undefined, flags: RecoverFlags, command: Command) => {
      const { recover, reportLine } = await import('./recover.ts')
      const recovered = await recover(session(), { ...flags, identity })
      const lines = recovered.map(reportLine)
      // A unit that stops asks each time: nothing is what it hopes for.
      if (lines.length === 0 && flags.unit === undefined) lines.push('no dead worker left anything behind')
      answer(out, command, { document: { recovered }, lines })
    })
}

function initCommand({ out }: EngineContext): Command {
  return answering(new Command('init'))
    .description('write a configuration and a first job into this directory')
    .addHelpText('after', '\nExample: mkdir app && cd app && capstan init && capstan dev')
    .action(async (_flags: unknown, command: Command) => {
      const { init } = await import('./init.ts')
      const report = await init(process.cwd())
      const lines = [
        ...report.written.map((file) => `wrote ${file}`),
        ...report.kept.map((file) => `kept  ${file}, which was there`),
        ...report.next.map((step) => `next: ${step}`),
      ]
      answer(out, command, { document: report, lines })
    })
}

function answering(command: Command): Command {
  return command.option('--json', 'answer with one JSON document')
}

/** One JSON document for a script, or lines for a person. */
function answer(
  out: Output,
  command: Command,
  { document, lines }: { document: unknown; lines: readonly string[] },
): void {
  if (command.optsWithGlobals<{ json?: boolean }>().json) writeJson(out, document)
  else for (const line of lines) out.write(printable(line))
}
