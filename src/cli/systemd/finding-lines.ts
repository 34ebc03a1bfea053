import type { Finding, Severity } from '../../systemd/finding.ts'
import { counted } from '../operator/words.ts'
import { type Colour, EXIT, type Output, paint, printable } from '../output.ts'

const COLOURS: Readonly<Record<Severity, Colour>> = { error: 'red', warning: 'yellow', note: 'dim' }

/** A finding as lines for a person. */
export function writeFinding(out: Output, { severity, what, fix }: Finding, indent: string): void {
  out.write(`${indent}${paint(out, COLOURS[severity], `${severity}:`)} ${printable(what)}`)
  const [first, ...more] = fix.split('\n')
  out.write(`${indent}  ${paint(out, 'bold', 'fix:')} ${printable(first!)}`)
  for (const line of more) out.write(`${indent}       ${printable(line)}`)
}

/** Says how many there are of each kind; an error is a failure of the command. */
export function concludeFindings(out: Output, findings: readonly Finding[]): void {
  const number = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length
  if (number('error') > 0) out.exitCode = EXIT.failure
  if (out.json) return
  const counts = (['error', 'warning', 'note'] as const).map((severity) =>
    counted(number(severity), severity),
  )
  out.write(findings.length === 0 ? 'nothing to mend' : counts.join(', '))
}
