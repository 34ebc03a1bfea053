import { Command, CommanderError } from 'commander'
import { commandsFor } from './command-families.ts'
import { exitCodeOf } from './exit-code.ts'
import { processOutput } from './output.ts'
import { offerOwnPackage } from './own-package.ts'
import { problemOf } from './problem-of.ts'
import { type GlobalOptions, newSession, type Session } from './session.ts'
import { version } from './version.ts'

// The command line: finds the command, gives it what it needs, and turns what went wrong into words and an exit code.

offerOwnPackage()
const out = processOutput()
out.json = process.argv.includes('--json')
const program = new Command('capstan')
  .description('Background jobs for TypeScript on plain Linux servers')
  .version(version())
  .option(
    '-C, --config <file>',
    'capstan.config.ts or a sidekiq.yml (default: capstan.config.ts here, else config/sidekiq.yml)',
  )
  .option('--json', 'answer with one JSON document')
  .option('--verbose', 'log every step to standard error')
  .showSuggestionAfterError()
  .configureOutput({ writeErr: (text) => void (out.json || process.stderr.write(text)) })
  .exitOverride()

let opened = null as Session | null
/** Made when a command asks for it: by then its options are known. */
function session(level?: 'info'): Session {
  opened ??= newSession(program.opts<GlobalOptions>(), level)
  return opened
}

const context = {
  session,
  out,
  store: () => session().store('existing'),
  get runtime() {
    return session().runtime
  },
}
for (const command of await commandsFor(process.argv.slice(2), context)) {
  // A command inherits how errors end only when it is made by the program itself.
  program.addCommand(command.copyInheritedSettings(program))
  for (const part of command.commands) part.copyInheritedSettings(command)
}

try {
  await program.parseAsync()
} catch (error) {
  // What commander has said to a person already, a script still has to be told.
  if (error instanceof CommanderError && (error.exitCode === 0 || !out.json)) out.exitCode = exitCodeOf(error)
  else out.fail(problemOf(error))
} finally {
  await opened?.close()
}
// A pipe takes a long answer in pieces, and leaving would drop those that it has not taken.
await new Promise((resolve) => process.stdout.write('', resolve))
// A job that outlasted the drain would otherwise keep the process alive with its timers.
process.exit(out.exitCode)
