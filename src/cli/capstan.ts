import { Command, CommanderError } from 'commander'
import { CapstanError, messageOf, UsageError } from '../kernel/errors.ts'
import { commandsFor } from './command-families.ts'
import { exitCodeOf } from './exit-code.ts'
import { processOutput } from './output.ts'
import { offerOwnPackage } from './own-package.ts'
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
  store: () => session().store(),
  get runtime() {
    return session().runtime
  },
}
for (const command of await commandsFor(process.argv.slice(2), context)) {
  // A command inherits how errors end only when it is made by the program itself.
  program.addCommand(command.copyInheritedSettings(program))
}

try {
  await program.parseAsync()
} catch (error) {
  const exitCode = exitCodeOf(error)
  // Commander has already said what it has to say; an error without a code is a bug, and its stack helps.
  if (error instanceof CommanderError) out.exitCode = exitCode
  else if (error instanceof UsageError) out.fail({ what: error.message, exitCode })
  else if (error instanceof CapstanError) out.fail({ what: `${error.message} (${error.code})`, exitCode })
  else
    out.fail({
      what: error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error),
      exitCode,
    })
} finally {
  await opened?.close()
}
// A pipe takes a long answer in pieces, and leaving would drop those that it has not taken.
await new Promise((resolve) => process.stdout.write('', resolve))
// A job that outlasted the drain would otherwise keep the process alive with its timers.
process.exit(out.exitCode)
