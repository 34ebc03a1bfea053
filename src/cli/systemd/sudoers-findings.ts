import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkSudoers } from '../../systemd/check-sudoers.ts'
import { type Finding, sortedFindings, unsaid } from '../../systemd/finding.ts'
import { checkSudoersSyntax } from '../../systemd/sudoers-syntax.ts'
import { runProgram } from './run-program.ts'

/** What is wrong with a sudoers file: what sudo cannot read, also by its own visudo, and what allows too much. */
export async function sudoersFindings(text: string): Promise<Finding[]> {
  const unread = checkSudoersSyntax(text)
  return sortedFindings([...unread, ...unsaid(unread, await saidByVisudo(text)), ...checkSudoers(text)])
}

/** Where it is on every Linux; the PATH of plain users has no sbin. */
const VISUDO = '/usr/sbin/visudo'

/** Nothing where it is not installed. Each place is named once, the first flaw of a line counts. */
async function saidByVisudo(text: string): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-sudoers-'))
  try {
    const file = join(folder, 'sudoers')
    await writeFile(file, text)
    const { stderr } = await runProgram([VISUDO, '-cf', file])
    const places = stderr.split('\n').flatMap((said) => placeOf(said, file))
    return [...new Map(places.toReversed().map((place) => [place.line, place])).values()]
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** With these sudo reads the file all the same. */
const MILD = /referenced but not defined|unused/i

/** `FILE:1:17: syntax error` since sudo 1.9, `>>> FILE: syntax error near line 1 <<<` before. */
function placeOf(said: string, file: string): Finding[] {
  const [, before, after] =
    /^(?::(\d+):|.* near line (\d+))/.exec(said.replace('>>> ', '').replace(file, '')) ?? []
  if (!said.includes(file) || (before ?? after) === undefined) return []
  return [
    {
      ...{ severity: MILD.test(said) ? 'warning' : 'error', line: Number(before ?? after) },
      what: `visudo: ${said.replaceAll(`${file}:`, '')}`,
      fix: 'mend the line; visudo -cf FILE shows the place',
    },
  ]
}
