import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { masked } from '../../deploy/mask.ts'
import { type Finding, unsaid } from '../../systemd/finding.ts'
import { parseUnit } from '../../systemd/parse-unit.ts'
import { writeJson } from '../output.ts'
import { findingsOf, type UnitFileFlags, withUnitFileFlags } from './explain-command.ts'
import { concludeFindings, writeFinding } from './finding-lines.ts'
import { readText } from './read-text.ts'
import { runProgram } from './run-program.ts'
import { type SystemdContext, subcommand } from './systemd-context.ts'

interface VerifyFlags extends UnitFileFlags {
  readonly name?: string
}

/** `capstan unit verify FILE` */
export function verifyCommand({ out }: SystemdContext): Command {
  const command = subcommand('verify <file>', {
    about:
      'Check a unit file as "explain" does and with systemd-analyze verify; exit 1 when there is an error.',
    examples: [
      'capstan unit verify shop-worker@.service',
      'capstan unit show --app shop --user deploy | capstan unit verify - --name shop-worker@.service',
    ],
  }).option(
    '--name <name>',
    'the name that it will have, which counts for systemd; default: that of the file',
  )
  return withUnitFileFlags(command).action(async (path: string, flags: VerifyFlags) => {
    const text = await readText(path)
    const name = flags.name ?? (path === '-' ? 'stdin.service' : basename(path))
    const own = findingsOf(path, text, flags)
    const findings = [...own, ...(isUnit(text) ? await newlyAnalyzed({ name, text, flags }, own) : [])]
    if (out.json) writeJson(out, { file: path, findings })
    else
      for (const finding of findings)
        writeFinding(out, finding, finding.line === null ? '' : `${name}:${finding.line}: `)
    concludeFindings(out, findings)
  })
}

function isUnit(text: string): boolean {
  return parseUnit(text).unit.sections.length > 0
}

interface Analysis {
  readonly name: string
  readonly text: string
  readonly flags: UnitFileFlags
}

/** What systemd says of other machines' programs means nothing; what it says of a line we may have said already. */
async function newlyAnalyzed({ name, text, flags }: Analysis, own: readonly Finding[]): Promise<Finding[]> {
  const analysis = await analyzed(name, text, flags.manager)
  const found = unsaid(own, analysis).filter(({ what }) => {
    const program = NO_PROGRAM.exec(what)?.[1]
    if (program === undefined) return true
    return flags.host && !own.some((each) => each.what.includes(` ${program} on this machine`))
  })
  const causes = found.filter(({ what }) => !CONSEQUENCE.test(what))
  return [...own, ...causes].some(({ severity }) => severity === 'error') ? causes : found
}

const NO_PROGRAM = /: Command (\S+) is not executable: /
/** Comes below the line that says what is wrong. */
const CONSEQUENCE = /has a bad unit file setting|has fatal error/

/** What systemd itself says; it looks at the file's name, too, so that it gets a copy with the final one. */
export async function analyzed(name: string, text: string, manager: string | undefined): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-verify-'))
  try {
    const file = join(folder, name)
    await writeFile(file, text)
    const { code, stderr } = await runProgram([
      ...['systemd-analyze', ...(manager === 'user' ? ['--user'] : []), '--man=no', 'verify', file],
    ])
    if (code === null) return [without]
    return stderr
      .split('\n')
      .filter((line) => line.includes(name) || line.includes(name.split('@')[0]!))
      .map((line) => findingOf(line.replaceAll(`${folder}/`, ''), code))
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The exit code is about the whole file: of one line it is its words that say how grave it is. */
function findingOf(said: string, code: number): Finding {
  const line = Number(/:(\d+): /.exec(said)?.[1] ?? Number.NaN) || null
  const isError = line === null ? code !== 0 : /ignoring/i.test(said)
  return {
    ...{ severity: isError ? 'error' : 'warning', line },
    what: `systemd-analyze: ${masked(said)}`,
    fix: 'mend the line, or take it away; its manual page is named in systemd.directives(7)',
  }
}

const without: Finding = {
  severity: 'note',
  line: null,
  what: 'systemd-analyze is not there: only the checks of Capstan were made',
  fix: 'run this on a machine with systemd',
}
