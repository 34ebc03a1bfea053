import type { Command } from 'commander'
import { isSecretName, masked } from '../../deploy/mask.ts'
import { durationOption } from '../../kernel/duration.ts'
import { checkUnit } from '../../systemd/check-unit.ts'
import { serviceFacts } from '../../systemd/checks/service-facts.ts'
import type { ServiceManager } from '../../systemd/directive.ts'
import { type ExplainedLine, explainUnit } from '../../systemd/explain-unit.ts'
import type { Finding } from '../../systemd/finding.ts'
import { parseUnit } from '../../systemd/parse-unit.ts'
import type { Unit } from '../../systemd/unit.ts'
import { quoteWord, splitWords } from '../../systemd/unit-words.ts'
import { type Output, paint, printable, writeJson } from '../output.ts'
import { wholeNumber } from '../whole-number.ts'
import { concludeFindings, writeFinding } from './finding-lines.ts'
import { readText } from './read-text.ts'
import { oneOf, type SystemdContext, subcommand } from './systemd-context.ts'
import { checkOnHost } from './unit-on-host.ts'

export interface UnitFileFlags {
  readonly manager?: ServiceManager
  readonly timeout?: string
  readonly systemdVersion?: string
  readonly host?: boolean
}

/** Options of the commands that read a unit file. */
export function withUnitFileFlags(command: Command): Command {
  return command
    .option(
      '--manager <which>',
      'system or user; default: as its path says',
      oneOf('--manager', ['system', 'user']),
    )
    .option(
      '--timeout <duration>',
      'how long the worker lets jobs go on; default: as its command line says, or 25s',
    )
    .option('--systemd-version <number>', 'report what this systemd is too old for')
    .option('--host', 'also look whether its paths exist on this machine, and who may write the file')
}

/** `capstan unit explain FILE` */
export function explainCommand({ out }: SystemdContext): Command {
  const command = subcommand('explain <file>', {
    about:
      'Say of each line of a unit file what it does, and what is wrong or missing. "-" reads standard input.',
    examples: [
      'capstan unit explain /etc/systemd/system/sidekiq.service',
      'systemctl cat sidekiq | capstan unit explain -',
    ],
  })
  return withUnitFileFlags(command).action(async (path: string, flags: UnitFileFlags) => {
    const text = await readText(path)
    const findings = findingsOf(path, text, flags)
    const { unit } = parseUnit(text)
    const lines = explainUnit(unit).map(withoutSecrets)
    if (out.json) writeJson(out, { file: path, lines, findings })
    else writeExplained(out, isOurs(unit) ? lines : lines.map(withoutWhy), findings)
    concludeFindings(out, findings)
  })
}

/** Everything that we know to be wrong with a unit file. */
export function findingsOf(path: string, text: string, flags: UnitFileFlags): Finding[] {
  const manager = flags.manager ?? (/\/systemd\/user\//.test(path) ? 'user' : 'system')
  const { unit, findings: unread } = parseUnit(text)
  const parsed = { unit, findings: unread.map((each) => ({ ...each, what: masked(each.what) })) }
  const findings = checkUnit(parsed, {
    manager,
    ...(flags.timeout === undefined ? {} : { workerTimeoutMs: durationOption(flags.timeout, '--timeout') }),
    ...(flags.systemdVersion === undefined
      ? {}
      : { systemdVersion: wholeNumber(flags.systemdVersion, '--systemd-version', 1) }),
  })
  return flags.host && path !== '-' ? [...checkOnHost(path, unit, manager), ...findings] : findings
}

const HIDDEN = '***'

/** What is explained may be shown to others, or kept in a log. */
function withoutSecrets(line: ExplainedLine): ExplainedLine {
  const { name, value } = line
  if (name === 'SetCredential') return { ...line, value: value.replace(/:.*/s, `:${HIDDEN}`) }
  if (name !== 'Environment') return { ...line, value: masked(value) }
  const words = splitWords(value)?.map(withoutSecret) ?? [HIDDEN]
  return { ...line, value: words.map(quoteWord).join(' ') }
}

function withoutSecret(assignment: string): string {
  const [name = ''] = assignment.split('=')
  return isSecretName(name) ? `${name}=${HIDDEN}` : masked(assignment)
}

/** Why we set a directive says something only where it was set for that reason. */
function isOurs(unit: Unit): boolean {
  return serviceFacts(unit, {}).runs === 'capstan'
}

function withoutWhy(line: ExplainedLine): ExplainedLine {
  return { ...line, why: null }
}

function writeExplained(out: Output, lines: readonly ExplainedLine[], findings: readonly Finding[]): void {
  let section = ''
  for (const each of lines) {
    if (each.section !== section) out.write(paint(out, 'bold', printable(`[${each.section}]`)))
    section = each.section
    out.write(`${String(each.line).padStart(3)}  ${printable(`${each.name}=${each.value}`)}`)
    out.write(paint(out, 'dim', `     ${printable([each.meaning, each.why].filter(Boolean).join(' '))}`))
    for (const finding of findings) if (finding.line === each.line) writeFinding(out, finding, '     ')
  }
  const shown = new Set(lines.map(({ line }) => line))
  const others = findings.filter(({ line }) => !shown.has(line))
  if (lines.length > 0 && others.length > 0) out.write(paint(out, 'bold', 'Missing or unreadable'))
  for (const finding of others)
    writeFinding(out, finding, finding.line === null ? '     ' : `${String(finding.line).padStart(3)}  `)
  out.write('')
}
