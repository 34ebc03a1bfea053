import type { Finding } from './finding.ts'
import { commandsOf, sudoersLines } from './sudoers-lines.ts'

/**
 * What is wrong with the rules of a sudoers file that concern systemctl: above all the line that deploy guides
 * recommend, `NOPASSWD: /usr/bin/systemctl`, which is root.
 */
export function checkSudoers(text: string): Finding[] {
  return rulesOf(text).flatMap(({ line, commands }) => commands.flatMap((command) => judged(command, line)))
}

interface Rule {
  readonly line: number
  readonly commands: readonly string[]
}

const TAGS = /^(?:(?:NO)?(?:PASSWD|EXEC|SETENV|LOG_INPUT|LOG_OUTPUT|MAIL|FOLLOW|INTERCEPT):\s*)+/

/** User rules, not defaults, aliases and includes. */
function rulesOf(text: string): Rule[] {
  return sudoersLines(text).flatMap(({ text: content, line }) => {
    const [, list] =
      /^\s*(?!#|@|Defaults|\w+_Alias\b)\S+\s+[^=]*=\s*(?:\([^)]*\)\s*)?(.*)$/.exec(content) ?? []
    if (list === undefined) return []
    return [{ line, commands: commandsOf(list).map((command) => command.replace(TAGS, '')) }]
  })
}

const EXACT = 'allow the exact commands for the exact units instead: capstan sudoers prints them'
const ROOT_BY_SYSTEMCTL = [
  '`systemctl link` and `enable` take any path, so a unit that the user wrote runs as root;',
  '`edit` opens an editor as root; `set-environment` slips a library into every service;',
  'and any unit can be stopped, masked or killed, sshd among them',
].join(' ')
const ROOT_BY_WRITING =
  /^(?:\/usr)?\/bin\/(tee|cp|mv|install|ln|sed|dd|rsync|chmod|chown|bash|sh|env|vi|vim|nano)\b/

function judged(command: string, line: number): Finding[] {
  const error = (what: string, fix = EXACT): Finding[] => [{ severity: 'error', line, what, fix }]
  const [program = '', ...words] = command.split(/\s+/)
  const rest = words.join(' ')
  if (command === 'ALL') return error('ALL without limits is root')
  if (ROOT_BY_WRITING.test(program))
    return error(`${program} as root is root: it can write a unit, or run anything`, `leave it out; ${EXACT}`)
  if (!program.endsWith('/systemctl')) return []
  if (rest === '')
    return error(`${program} without arguments allows every argument, and that is root: ${ROOT_BY_SYSTEMCTL}`)
  if (/^\^.*\$$/.test(rest))
    return /\.\*|\.\+|\\S/.test(rest) ? error('the expression matches more than one unit') : []
  if (/(?<!\\)[*?]/.test(rest))
    return error(
      `"${rest}": * and ? match spaces, too, so further units can be named behind the one that is meant`,
    )
  return missingSuffix(words, line)
}

/** The verbs of the table name units; others such as `daemon-reload` do not. */
function missingSuffix(words: readonly string[], line: number): Finding[] {
  const unit = words.at(-1) ?? ''
  const dangerous =
    /^(link|edit|set-environment|import-environment|daemon-reexec|isolate|set-property|revert)$/
  const verb = words.find((word) => !word.startsWith('-')) ?? ''
  if (dangerous.test(verb))
    return [{ severity: 'error', line, what: `systemctl ${verb} as root can become root`, fix: EXACT }]
  if (words.length < 2 || /\.[a-z]+$/.test(unit)) return []
  return [
    {
      severity: 'warning',
      line,
      what: `"${unit}" is not "${unit}.service" for sudo, which compares byte by byte`,
      fix: 'write the full name, and name the unit so when you call systemctl',
    },
  ]
}
