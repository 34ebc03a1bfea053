import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { systemFiles } from '../../deploy/setup.ts'
import { UsageError } from '../../kernel/errors.ts'
import { NEWEST_SYSTEMD } from '../../systemd/directives.ts'
import { sudoersFile, sudoersPath } from '../../systemd/sudoers.ts'
import { FIXED_VERBS, TEMPLATE_VERBS } from '../../systemd/systemctl.ts'
import { stageSession } from '../deploy/stage-session.ts'
import { operatorCommand } from '../operator/operator-command.ts'
import { writeJson } from '../output.ts'
import { concludeFindings, writeFinding } from './finding-lines.ts'
import { readText } from './read-text.ts'
import { sudoersFindings } from './sudoers-findings.ts'
import { repeated, type SystemdContext } from './systemd-context.ts'

interface SudoersFlags {
  readonly app?: string
  readonly user?: string
  readonly service?: readonly string[]
  readonly unit?: readonly string[]
  readonly regex?: boolean
  readonly check?: string
}

interface ShownFile {
  readonly path: string
  readonly text: string
}

/** `capstan sudoers [STAGE]` */
export function sudoersCommand(context: SystemdContext): Command {
  const { out } = context
  return operatorCommand('sudoers [stage]', {
    about:
      'Print the sudoers file that allows a deploy exactly the commands it runs, or check one that is there. ' +
      'NOPASSWD: /usr/bin/systemctl alone is root: "link" runs any unit that the user has written.',
    examples: [
      'capstan sudoers production',
      'capstan sudoers --app shop --user deploy --service worker --unit sidekiq.service',
      'sudo cat /etc/sudoers.d/deploy | capstan sudoers --check -',
    ],
  })
    .option('--app <name>', 'the application; without a stage')
    .option('--user <name>', 'who deploys; default: who runs this command')
    .option('--service <name>', 'a worker service of the application; repeatable', repeated)
    .option('--unit <name>', 'a unit that stays, such as sidekiq.service; repeatable', repeated)
    .option('--regex', 'shorter, with regular expressions: needs sudo 1.9.10')
    .option('--check <file>', 'say what is wrong with the rules in a file; "-" reads standard input')
    .action(async (stage: string | undefined, flags: SudoersFlags) => {
      if (flags.check !== undefined) return checkFile(context, flags.check)
      const file = stage === undefined ? fileOf(flags) : await fileOfStage(context, stage, flags)
      if (out.json) return writeJson(out, file)
      for (const line of file.text.trimEnd().split('\n')) out.write(line)
    })
}

async function checkFile({ out }: SystemdContext, path: string): Promise<void> {
  const findings = await sudoersFindings(await readText(path))
  if (out.json) writeJson(out, { file: path, findings })
  else for (const finding of findings) writeFinding(out, finding, `${finding.line}: `)
  concludeFindings(out, findings)
}

function fileOf({ app, user, service = [], unit = [], regex = false }: SudoersFlags): ShownFile {
  if (app === undefined || service.length + unit.length === 0)
    throw new UsageError(
      'options.invalid',
      'sudoers: expected a stage, or --app NAME with --service NAME or --unit NAME.service',
    )
  const rights = [
    ...service.map((name) => ({ unit: `${app}-${name}@.service`, verbs: TEMPLATE_VERBS })),
    ...unit.map((name) => ({ unit: name, verbs: FIXED_VERBS })),
  ]
  const text = sudoersFile({
    ...{ application: app, user: user ?? userInfo().username, rights, regularExpressions: regex },
  })
  return { path: sudoersPath(app), text }
}

async function fileOfStage(
  context: SystemdContext,
  name: string,
  { user }: SudoersFlags,
): Promise<ShownFile> {
  const { stage } = await stageSession(context.session(), name, {})
  const facts = { systemd: NEWEST_SYSTEMD, sudo: null, node: process.execPath }
  const path = sudoersPath(stage.application)
  const files = stage.hosts.flatMap((host) =>
    systemFiles(stage, { host, user: user ?? host.user ?? userInfo().username, facts }),
  )
  const file = files.find((each) => each.path === path)
  if (file !== undefined) return { path, text: file.text }
  throw new UsageError(
    'options.invalid',
    `stage ${name}: no service of the system's manager: a deploy needs no sudo rule`,
  )
}
