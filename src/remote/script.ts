/**
 * Work for one host: sh text that never changes, and the values it works on.
 *
 * Values are never pasted into the text. The host's shell finds `args` as `$1`, `$2`, … and `env` as variables, so a
 * value may hold spaces, quotes, newlines and any other character but NUL.
 */
export interface Script {
  /** What it is called in progress, logs and errors: a few words, such as `unpack the release`. */
  readonly name: string
  /** POSIX sh. Runs under `set -eu`, stdin is empty. */
  readonly body: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** True when it changes nothing on the host: a dry run really runs it. Default false. */
  readonly reads?: boolean
}

/** One program with its arguments as a script; `directory` is where it runs. */
export function command(
  argv: readonly string[],
  options: { readonly directory?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Script {
  const { directory = '.', env = {} } = options
  return { name: argv.join(' '), body: 'cd -- "$1"; shift; exec "$@"', args: [directory, ...argv], env }
}

/**
 * Several scripts as one question: each runs in a subshell of its own, the first failure ends them.
 *
 * Their arguments stay arguments: each part is a function, called with its share of the positions.
 */
export function inOrder(name: string, scripts: readonly Script[]): Script {
  const args = scripts.flatMap((script) => script.args ?? [])
  let position = 0
  const calls = scripts.map((script, index) => {
    const share = (script.args ?? []).map(() => `"\${${++position}}"`)
    return `part_${index}() (\n${script.body}\n)\npart_${[index, ...share].join(' ')}`
  })
  return {
    name,
    body: calls.join('\n'),
    args,
    env: Object.assign({}, ...scripts.map((script) => script.env)),
    reads: scripts.every((script) => script.reads),
  }
}

/** The same as root: by sudo without a password where the shell is not root already. Its arguments are seen by others. */
export function asRoot(script: Script): Script {
  return {
    ...script,
    body: 'if [ "$(id -u)" = 0 ]; then exec sh -euc "$@"; fi; exec sudo -n -- sh -euc "$@"',
    args: [script.body, script.name, ...(script.args ?? [])],
  }
}
