import type { Finding } from './finding.ts'
import { commandsOf, sudoersLines } from './sudoers-lines.ts'

/** The lines of a sudoers file that sudo cannot read; see sudoers(5). With one of them it may refuse everything. */
export function checkSudoersSyntax(text: string): Finding[] {
  return sudoersLines(text).flatMap(({ text: content, line }) => {
    const what = flawOf(content.replace(COMMENT, '').trim())
    return what === null ? [] : [{ severity: 'error' as const, line, what, fix: FIX }]
  })
}

const FIX = 'write it as in: deploy ALL=(root) NOPASSWD: /usr/bin/systemctl restart shop-worker.service'

/** `#` before digits is the number of a user; before `include` it is no comment, either. */
const COMMENT = /(?:^|\s)#(?!\d|include).*$/

const READABLE = [
  /^$/,
  /^[@#]include(?:dir)?\s+\S/,
  /^Defaults(?:[@:!>]\S+)?\s+\S/,
  /^(?:User|Runas|Host)_Alias\s+[A-Z][A-Z0-9_]*\s*=\s*\S/,
]

const ITEM = String.raw`!*(?:"[^"]*"|(?:\\.|[^\s,=!()"\\])+)`
const LIST = String.raw`${ITEM}(?:\s*,\s*${ITEM})*`
const RULE = new RegExp(String.raw`^${LIST}\s+(${LIST}\s*=.*)$`)
const GRANT = new RegExp(String.raw`^${LIST}\s*=\s*(.*)$`)
/** Between the grants of one rule: `a HOST = COMMANDS : HOST = COMMANDS`. */
const NEXT_GRANT = /\s:\s+(?=[^=/(),]+=)/

/** What is wrong with a line; null for none. */
function flawOf(line: string): string | null {
  if (READABLE.some((form) => form.test(line))) return null
  const grants = RULE.exec(line)?.[1]
    ?.split(NEXT_GRANT)
    .map((grant) => GRANT.exec(grant)?.[1])
  if (grants === undefined || grants.includes(undefined))
    return `sudo cannot read "${line}": expected WHO HOST=(AS WHOM) COMMANDS, an alias, Defaults or @include`
  const flaws = grants.flatMap((list) => commandsOf(list!).map(flawOfCommand))
  return flaws.find((flaw) => flaw !== null) ?? null
}

const AS_WHOM = /^\([^()]*\)\s*/
const OPTIONS =
  /^(?:(?:ROLE|TYPE|PRIVS|LIMITPRIVS|APPARMOR_PROFILE|TIMEOUT|NOTBEFORE|NOTAFTER|CWD|CHROOT)\s*=\s*(?:"[^"]*"|\S+)\s+)+/
const TAGS = /^(?:(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT)\s*:\s*)+/
const DIGEST = /^sha(?:224|256|384|512)\s*:\s*\S+\s*/
const COMMAND = /^(?:!\s*)*(?:[A-Z][A-Z0-9_]*$|list$|sudoedit\b|\^|\/)/

function flawOfCommand(item: string): string | null {
  if (item === '') return 'sudo expects a command behind = and behind each comma, and there is none'
  const command = [AS_WHOM, OPTIONS, TAGS].reduce((rest, part) => rest.replace(part, ''), item)
  const program = command.replace(DIGEST, '')
  if (COMMAND.test(program) || (program === '' && command !== '')) return null
  if (/^[a-z][\w.-]*(?:\s|$)/.test(program))
    return `sudo takes commands only with their whole path, got "${program}"`
  return `sudo cannot read "${item}": expected a command with its whole path, behind (AS WHOM) and TAG:`
}
