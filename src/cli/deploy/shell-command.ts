import type { Command } from 'commander'
import { onEach } from '../../deploy/fleet.ts'
import type { Stage } from '../../deploy/stage.ts'
import { UsageError } from '../../kernel/errors.ts'
import { command, inOrder, type Script } from '../../remote/script.ts'
import { sshTerminal } from '../../remote/ssh/ssh-terminal.ts'
import { EXIT, printable, writeJson } from '../output.ts'
import { onStage } from './on-stage.ts'
import { type DeployContext, stageCommand } from './stage-command.ts'
import { type StageFlags, stageSession, THIS_MACHINE } from './stage-session.ts'

const ABOUT = `
Without a command: a shell in current of one host, the primary one unless --hosts says another. With one: it runs in
current of every host; exit 1 when it fails on one of them. A single word with spaces or signs of the shell in it is a
line for sh.

Examples:
  $ capstan shell production --hosts web-2
  $ capstan shell production -- uptime
  $ capstan shell production -- 'du -sh log; ls'`

/** `capstan shell STAGE [-- COMMAND…]` */
export function shellCommand(context: DeployContext): Command {
  return stageCommand('shell', 'open a shell in the live release of a host, or run a command on all of them')
    .argument('[command...]', 'after --: a program and its arguments')
    .addHelpText('after', ABOUT)
    .action((stage: string, words: string[], flags: StageFlags) =>
      words.length === 0 ? openShell(context, stage, flags) : runOnAll(context, { stage, flags, words }),
    )
}

async function openShell({ session, out }: DeployContext, name: string, flags: StageFlags): Promise<void> {
  const { stage } = await stageSession(session(), name, flags)
  const host = stage.hosts.find(({ primary }) => primary)
  if (out.json) throw new UsageError('options.invalid', 'shell: expected a command after -- with --json')
  if (host === undefined || host.host === THIS_MACHINE)
    throw new UsageError(
      'options.invalid',
      `shell: ${THIS_MACHINE} is this machine; cd ${stage.layout.current}`,
    )
  // What the shell ended with is the user's own affair; ssh has said itself what was wrong with the line.
  const code = await sshTerminal(host, { options: stage.ssh, directory: stage.layout.current })
  if (code === SSH_FAILED) out.exitCode = EXIT.failure
}

const SSH_FAILED = 255

interface Order {
  readonly stage: string
  readonly flags: StageFlags
  readonly words: readonly string[]
}

async function runOnAll(context: DeployContext, { stage: name, flags, words }: Order): Promise<void> {
  const { out } = context
  const codes = await onStage(context, { stage: name, flags }, ({ stage, hosts, signal }) =>
    onEach(hosts, async ({ name: host, shell }) => {
      const script = inCurrent(stage, programOf(words))
      const { exitCode, stdout, stderr } = await shell.run(script, {
        signal,
        accept: ANY_EXIT,
        onLine: (line) => {
          if (!out.json) out.write(printable(`${host}  ${line}`))
        },
      })
      return { exitCode, stdout, stderr }
    }),
  )
  const hosts = [...codes].map(([host, ended]) => ({ host, ...ended }))
  const failed = hosts.filter(({ exitCode }) => exitCode !== 0)
  if (failed.length > 0) out.exitCode = EXIT.failure
  if (out.json) return writeJson(out, { stage: name, hosts })
  for (const { host, exitCode } of failed) out.note(printable(`${host}: exit code ${exitCode}`))
}

function inCurrent({ name, layout }: Stage, argv: readonly string[]): Script {
  const none = `no release is live here; capstan deploy ${name} makes the first one`
  return inOrder(argv.join(' '), [
    { name: 'look for the release', body: REQUIRE_CURRENT, args: [layout.current, none], reads: true },
    command(argv, { directory: layout.current }),
  ])
}

const REQUIRE_CURRENT = `if [ ! -e "$1" ]; then printf '%s\\n' "$2" >&2; exit 1; fi`

/** As in a shell: one word that no program can be called is a line. */
export function programOf(words: readonly string[]): readonly string[] {
  const [only = ''] = words
  return words.length === 1 && !/^[\w./@%+:,-]+$/.test(only) ? ['sh', '-c', only] : words
}

const ANY_EXIT = Array.from({ length: 256 }, (_, code) => code)
