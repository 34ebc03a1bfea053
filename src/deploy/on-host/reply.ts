/**
 * What a script of ours says: one `name<TAB>value` a line, a name as often as there are values.
 *
 * Scripts answer in this form rather than in the words of other programs, which change with version and language.
 */
export class Reply {
  readonly #values = new Map<string, string[]>()

  constructor(text: string) {
    for (const line of text.split('\n')) {
      const tab = line.indexOf('\t')
      if (tab < 0) continue
      const name = line.slice(0, tab)
      this.#values.set(name, [...this.all(name), line.slice(tab + 1)])
    }
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? []
  }

  /** The last value, or undefined when the script did not say it. */
  one(name: string): string | undefined {
    return this.all(name).at(-1)
  }

  has(name: string): boolean {
    return this.#values.has(name)
  }
}

/** The sh function that says one line. */
export const SAY = `say() { printf '%s\\t%s\\n' "$1" "$2"; }`
