import { type Check, listOf, recordOf, textLike, that } from '../kernel/check.ts'

// NUL, line ends and other control characters would break lists of paths, units and logs.
const CONTROL = /\p{Cc}/u
const steps = (path: string) => path.split('/')

/** A path on a host, from its root; the root itself is none. */
export const absolutePath: Check = that('an absolute path without `..`', (value) => {
  if (typeof value !== 'string' || CONTROL.test(value) || !value.startsWith('/')) return false
  return steps(value).some((step) => step !== '' && step !== '.') && !steps(value).includes('..')
})

/** A path inside the release, in its shortest form. */
export const relativePath: Check = that(
  'a path inside the release, such as config/database.yml (no `..`, no slash at either end)',
  (value) =>
    typeof value === 'string' &&
    !CONTROL.test(value) &&
    steps(value).every((step) => !['', '.', '..'].includes(step)),
)

const word = textLike('a text without NUL', /^/)
const line = textLike('a command', /\S/)
const argv = listOf(word, 1)

/** A line for the shell, or a program and its arguments. */
export const commandLine: Check = (value, where) => {
  if (!Array.isArray(value)) return line(value, where)
  argv(value, where)
  line(value[0], `${where}[0]`)
}

export const environment: Check = recordOf(
  textLike('the name of a variable', /^[A-Za-z_][A-Za-z0-9_]*$/),
  // Its value may be a secret, so no message shows it.
  (value, where) => word(typeof value === 'string' ? value.replace(/[^\0]/g, '') : value, where),
)

/** `all` is everybody's role already. */
export const role: Check = that(
  'a role of letters, digits, dots, hyphens and underscores, other than all',
  (value) => typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(value) && value !== 'all',
)
