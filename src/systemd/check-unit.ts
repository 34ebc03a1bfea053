import { checkIdentity } from './checks/check-identity.ts'
import { checkRestart } from './checks/check-restart.ts'
import { checkSpelling } from './checks/check-spelling.ts'
import { checkStart } from './checks/check-start.ts'
import { checkStop } from './checks/check-stop.ts'
import { checkSurroundings } from './checks/check-surroundings.ts'
import { type CheckOptions, serviceFacts } from './checks/service-facts.ts'
import { type Finding, sortedFindings } from './finding.ts'
import type { ParsedUnit } from './parse-unit.ts'

export type { CheckOptions } from './checks/service-facts.ts'

const CHECKS = [checkIdentity, checkStart, checkStop, checkRestart, checkSurroundings]

/** What is wrong with a unit or missing in it, the worst first, each with what to write instead. */
export function checkUnit({ unit, findings }: ParsedUnit, options: CheckOptions = {}): Finding[] {
  const found = [...findings, ...checkSpelling(unit, options)]
  if (!unit.sections.some(({ name }) => name === 'Service')) return sortedFindings(found)
  const service = serviceFacts(unit, options)
  return sortedFindings([...found, ...CHECKS.flatMap((check) => check(service))])
}
