/** `error`: does not work or is not safe. `warning`: will surprise. `note`: worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** Something that is wrong with a file, and what to do about it. */
export interface Finding {
  readonly severity: Severity
  /** From 1; null when it is about what is missing. */
  readonly line: number | null
  readonly what: string
  readonly fix: string
}

/** Those of `more` that are new to whoever knows `known`: nothing as grave was said of the same line. */
export function unsaid(known: readonly Finding[], more: readonly Finding[]): Finding[] {
  return more.filter(
    ({ line, severity }) =>
      line === null ||
      !known.some((each) => each.line === line && ORDER.indexOf(each.severity) <= ORDER.indexOf(severity)),
  )
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note']

/** The worst first, then by line. */
export function sortedFindings(findings: readonly Finding[]): Finding[] {
  const rank = ({ severity }: Finding) => ORDER.indexOf(severity)
  return findings.toSorted((a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0))
}
