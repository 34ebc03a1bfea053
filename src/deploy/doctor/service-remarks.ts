import { checkUnit } from '../../systemd/check-unit.ts'
import { serviceFacts } from '../../systemd/checks/service-facts.ts'
import { type ParsedUnit, parseUnit } from '../../systemd/parse-unit.ts'
import type { PreflightFacts } from '../phases/preflight-facts.ts'
import type { Stage } from '../stage.ts'
import { error, note, type Remark, warning } from './host-finding.ts'
import type { FoundService, FoundUnit } from './probe-services.ts'

/** What is wrong with a unit that was found, and with what runs by it. */
export function unitRemarks(stage: Stage, facts: PreflightFacts, unit: FoundUnit): Remark[] {
  const parsed = parseUnit(unit.text)
  return [
    note(`${unit.name} (${unit.manager} manager, ${unit.path}): ${runsOf(unit)}`),
    ...fileRemarks(unit),
    ...checkUnit(parsed, {
      manager: unit.manager,
      ...(facts.systemd === null ? {} : { systemdVersion: facts.systemd }),
    }).map(({ severity, what, fix }) => ({ severity, what: `${unit.name}: ${what}`, fix })),
    ...unit.services.flatMap((service) => [
      ...stateRemarks(unit, service),
      ...ownerRemarks(unit, parsed, service),
      ...deafRemarks(unit, service),
      ...placeRemarks(stage, facts, { unit, service }),
    ]),
  ]
}

function runsOf({ services }: FoundUnit): string {
  if (services.length === 0) return 'no instance runs'
  return services
    .map(({ name, active, pid, startsAtBoot }) => {
      const pidText = pid === 0 ? '' : `, pid ${pid}`
      return `${name} is ${active}${pidText}, ${startsAtBoot.startsWith('enabled') ? 'starts' : 'does not start'} at boot`
    })
    .join('; ')
}

/** systemd runs what the file says as root, whoever wrote it. */
function fileRemarks({ manager, name, path, owner, mode, isWritable }: FoundUnit): Remark[] {
  const isOpen = (Number.parseInt(mode, 8) & 0o022) !== 0
  if (manager === 'user' || (owner === 'root' && !isOpen && !isWritable)) return []
  return [
    error(
      `${name}: its file belongs to ${owner} with mode ${mode}: whoever may write it is root at its next start`,
      `as root: chown root:root ${path} && chmod 644 ${path}`,
    ),
  ]
}

function stateRemarks({ manager }: FoundUnit, { name, active, sub, startsAtBoot }: FoundService): Remark[] {
  if (active === 'failed')
    return [
      error(`${name} has failed`, `${journal(manager)} ${name}; then ${systemctl(manager)} start ${name}`),
    ]
  if (sub === 'auto-restart')
    return [error(`${name} ends and is started again and again`, `${journal(manager)} ${name}`)]
  if (active === 'active' && startsAtBoot === 'disabled')
    return [warning(`${name} runs but does not start at boot`, `${systemctl(manager)} enable ${name}`)]
  return []
}

function ownerRemarks({ manager }: FoundUnit, parsed: ParsedUnit, service: FoundService): Remark[] {
  const { runs } = serviceFacts(parsed.unit, { manager })
  if (manager === 'user' || service.owner !== 'root' || runs === 'other') return []
  return [
    error(
      `${service.name}: its process ${service.pid} runs as root: every job can do anything`,
      'give the unit a User= that is not root',
    ),
  ]
}

/** TSTP has no way back: a worker that was quieted and not restarted looks healthy and takes nothing for ever. */
function deafRemarks({ manager }: FoundUnit, { name, active, pid, title, status }: FoundService): Remark[] {
  const isQuiet = /^sidekiq .*\] stopping$/.test(title) || /^quiet\b/.test(status)
  if (active !== 'active' || !isQuiet) return []
  return [
    error(
      `${name} is active and deaf: it was told to take no more jobs, and nobody has restarted it (process ${pid}: ${status || title})`,
      `${systemctl(manager)} restart ${name}`,
    ),
  ]
}

interface Placed {
  readonly unit: FoundUnit
  readonly service: FoundService
}

function placeRemarks({ layout }: Stage, { current }: PreflightFacts, { unit, service }: Placed): Remark[] {
  const { name, active, directory } = service
  const restart = `${systemctl(unit.manager)} restart ${name}`
  if (directory.endsWith(' (deleted)'))
    return [
      error(
        `${name} works in a folder that is gone, ${directory}: code that it loads later is not there`,
        restart,
      ),
    ]
  const prefix = `${layout.releases}/`
  if (active !== 'active' || !directory.startsWith(prefix)) return []
  const [release] = directory.slice(prefix.length).split('/')
  return release === current.release
    ? []
    : [warning(`${name} works in release ${release}; live is ${current.release ?? 'none'}`, restart)]
}

function systemctl(manager: FoundUnit['manager']): string {
  return manager === 'user' ? 'systemctl --user' : 'sudo systemctl'
}

function journal(manager: FoundUnit['manager']): string {
  return manager === 'user' ? 'journalctl --user-unit' : 'journalctl --unit'
}
