import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import type { Finding } from '../../systemd/finding.ts'
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
    const findings = [...findingsOf(path, text, flags), ...(await analyzed(name, text, flags.manager))]
    if (out.json) writeJson(out, { file: path, findings })
    else
      for (const finding of findings)
        writeFinding(out, finding, finding.line === null ? '' : `${name}:${finding.line}: `)
    concludeFindings(out, findings)
  })
}

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
    const lines = stderr
      .split('\n')
      .filter((line) => line.includes(name) || line.includes(name.split('@')[0]!))
    return lines.map((line) => ({
      severity: code === 0 ? ('warning' as const) : ('error' as const),
      line: Number(/:(\d+): /.exec(line)?.[1] ?? Number.NaN) || null,
      what: `systemd-analyze: ${line.replaceAll(`${folder}/`, '')}`,
      fix: 'mend the line; see systemd.directives(7)',
    }))
  } finally {
    await rm(folder, { recursive: true })
  }
}

const without: Finding = {
  severity: 'note',
  line: null,
  what: 'systemd-analyze is not there: only the checks of Capstan were made',
  fix: 'run this on a machine with systemd',
}
