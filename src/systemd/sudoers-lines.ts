export interface SudoersLine {
  readonly text: string
  /** Where it begins, from 1. */
  readonly line: number
}

/** The lines of a sudoers file, continued ones joined. */
export function sudoersLines(file: string): SudoersLine[] {
  const lines: SudoersLine[] = []
  let open = ''
  let first = 0
  for (const [index, raw] of file.split('\n').entries()) {
    if (open === '') first = index + 1
    open += raw.replace(/\\$/, ' ')
    if (raw.endsWith('\\')) continue
    lines.push({ text: open, line: first })
    open = ''
  }
  if (open !== '') lines.push({ text: open, line: first })
  return lines
}

/** The items of a list of commands; a comma in `(a, b)` or `{1,2}` divides nothing. */
export function commandsOf(list: string): string[] {
  return list.split(/(?<!\\),(?![^{}]*\})(?![^()]*\))/).map((command) => command.trim())
}
