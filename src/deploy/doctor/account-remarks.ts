import { checkSudoers } from '../../systemd/check-sudoers.ts'
import type { PreflightFacts } from '../phases/preflight-facts.ts'
import { servicesOn } from '../services/service.ts'
import { systemFiles } from '../setup.ts'
import type { Stage, StageHost } from '../stage.ts'
import { error, note, type Remark, warning } from './host-finding.ts'
import type { AccountFacts } from './probe-account.ts'
import type { FoundUnit } from './probe-services.ts'

export interface Account {
  readonly facts: PreflightFacts
  readonly account: AccountFacts
  readonly units: readonly FoundUnit[]
}

/** The machine, and what the account that deploys may do there. */
export function accountRemarks(stage: Stage, host: StageHost, known: Account): Remark[] {
  return [
    ...machineRemarks(stage, host, known),
    ...sudoRemarks(stage, host, known),
    ...lingerRemarks(stage, host, known),
    ...strayRemarks(known),
  ]
}

function machineRemarks(stage: Stage, host: StageHost, { facts, account }: Account): Remark[] {
  const [node] = facts.nodes
  const parts = [
    account.system ?? 'an unknown system',
    facts.systemd === null ? 'no systemd' : `systemd ${facts.systemd}`,
    node === undefined ? 'no Node' : `Node ${node.version} at ${node.path}`,
    `${Math.floor(facts.freeBytes / 1024 ** 2)} MiB free`,
    `clock within ${Math.ceil(Math.abs(facts.skewMs) / 1000)} s of ours`,
  ]
  const text = `${facts.user} on ${parts.join(', ')}`
  if (account.hasSystemd) return [note(text)]
  const services = servicesOn(stage, host).map(({ name }) => name)
  return services.length === 0
    ? [note(`${text}; systemd does not run this host, and no service of the stage needs it`)]
    : [
        note(text),
        error(
          `systemd does not run this host, and services need it: ${services.join(', ')}`,
          'boot it with systemd as its first process, or name other hosts for them',
        ),
      ]
}

function sudoRemarks(stage: Stage, host: StageHost, { facts, account }: Account): Remark[] {
  if (account.isRoot)
    return [
      warning('the deploy logs in as root: builds and hooks can do anything', 'give it a user of its own'),
    ]
  const rules = account.rules.filter((rule) => rule.includes('NOPASSWD:'))
  const findings = checkSudoers(rules.map((rule) => `${facts.user} ALL=${rule}`).join('\n'))
  const tight = findings.length === 0 ? null : tightRules(stage, host, facts)
  const remarks = findings.map(({ severity, what, fix }) => ({ severity, what: `sudo: ${what}`, fix }))
  if (tight === null) return remarks
  return [
    ...remarks,
    note(
      `these rules are enough for stage ${stage.name}:\n${tight}`,
      `capstan setup ${stage.name} installs them; then take the wide rule away with visudo`,
    ),
  ]
}

function tightRules(stage: Stage, host: StageHost, { user, systemd, nodes }: PreflightFacts): string | null {
  const node = nodes[0]?.path ?? '/usr/bin/node'
  const files = systemFiles(stage, { host, user, facts: { systemd: systemd ?? 0, sudo: null, node } })
  const sudoers = files.find(({ path }) => path.startsWith('/etc/sudoers.d/'))
  return sudoers === undefined ? null : `${sudoers.path}\n${sudoers.text.trimEnd()}`
}

/** For services of the configuration preflight asks the same. */
function lingerRemarks(stage: Stage, host: StageHost, { facts, units }: Account): Remark[] {
  const isAsked = servicesOn(stage, host).some(({ manager }) => manager === 'user')
  const isUsed = units.some(({ manager, path }) => manager === 'user' && !path.startsWith('/etc/'))
  if (isAsked || !isUsed || facts.lingers) return []
  return [
    error(
      `linger is off for ${facts.user}: its services end with its last login, and none starts at boot`,
      `as root: loginctl enable-linger ${facts.user}`,
    ),
  ]
}

/** One that monit, a pid file or a shell keeps would go on with the old code beside the services. */
function strayRemarks({ account, units }: Account): Remark[] {
  const known = units.flatMap(({ services }) => services.map(({ pid }) => pid))
  return account.sidekiqs
    .filter(({ pid }) => !known.includes(pid))
    .map(({ pid, user, title }) =>
      warning(
        `process ${pid} of ${user} is a Sidekiq that no unit found here runs: ${title}`,
        'find out what starts it (monit, cron, a pid file, another unit), and let a unit do it',
      ),
    )
}
