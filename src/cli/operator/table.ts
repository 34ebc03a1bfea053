import { type Colour, type Output, paint, printable } from '../output.ts'

export interface Column<Row> {
  readonly head: string
  readonly cell: (row: Row) => string
  /** Numbers stand at the right. */
  readonly right?: boolean
  /** May be cut when the screen is too narrow; others never are. */
  readonly flexible?: boolean
  readonly colour?: (row: Row) => Colour | null
}

/** Longer cells are cut even where the width is not limited: a line must stay a line. */
const LONGEST_CELL = 1_000

/** A flexible column keeps so many characters on any screen. */
const NARROWEST = 8

const GAP = '  '

/** Writes rows under their heads, aligned; every cell is made printable first. */
export function writeTable<Row>(out: Output, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row).slice(0, LONGEST_CELL))))
  const natural = columns.map((column, index) =>
    Math.max(width(column.head), ...cells.map((line) => width(line[index]!))),
  )
  const widths = fitted(columns, natural, out.columns)
  const line = (texts: readonly string[]) =>
    texts.map((text, index) => padded(text, widths[index]!, columns[index]!.right ?? false))
  out.write(paint(out, 'dim', joined(line(columns.map(({ head }) => head)))))
  for (const [row, texts] of cells.entries()) {
    const coloured = line(texts).map((text, index) => {
      const colour = columns[index]!.colour?.(rows[row]!) ?? null
      return colour === null ? text : paint(out, colour, text)
    })
    out.write(joined(coloured))
  }
}

function joined(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd()
}

/** Takes from the widest flexible column, one character after another, until the line fits. */
function fitted(columns: readonly Column<never>[], natural: readonly number[], room: number): number[] {
  const widths = [...natural]
  const total = () => widths.reduce((sum, each) => sum + each + GAP.length, -GAP.length)
  while (total() > room) {
    const flexible = widths.map((each, index) => (columns[index]!.flexible ? each : 0))
    const widest = Math.max(...flexible)
    if (widest <= NARROWEST) break
    widths[flexible.indexOf(widest)] = widest - 1
  }
  return widths
}

function padded(text: string, columns: number, right: boolean): string {
  const shown = cut(text, columns)
  const space = ' '.repeat(Math.max(0, columns - width(shown)))
  return right ? space + shown : shown + space
}

/** The text, or its beginning and an ellipsis, in at most so many columns. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let shown = ''
  let used = 1
  for (const character of text) {
    used += width(character)
    if (used > columns) break
    shown += character
  }
  return `${shown}…`
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const WITHOUT_WIDTH = /\p{Mn}|\p{Me}/u
const ASCII = /^[ -~]*$/

/** Columns that a text takes on a screen. */
function width(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const character of text) {
    if (!WITHOUT_WIDTH.test(character)) columns += WIDE.test(character) ? 2 : 1
  }
  return columns
}
