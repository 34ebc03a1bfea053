import { typed } from '../../remote/ssh-command.ts'
import { sudoersRules } from '../../systemd/sudoers.ts'
import type { DeployHost } from '../deployment.ts'
import { copyCommand } from '../host-commands.ts'
import { isEnough, MINIMUM_NODE } from '../node-version.ts'
import type { HostFacts } from '../on-host/probe-host.ts'
import { commandOf, type Right, rightsOf, servicesOn, shownUnit } from '../services/service.ts'
import type { Stage, StageHost } from '../stage.ts'
import type { PreflightFacts } from './preflight-facts.ts'

export interface Problem {
  readonly host: string
  readonly what: string
  /** What to do about it. */
  readonly fix: string
}

/** Releases are named and ordered by the controller's clock, logs by the host's: a minute apart they mislead. */
const SKEW_LIMIT_MS = 60_000

/** Below this not even the code of a small project fits. */
const FREE_LIMIT_BYTES = 64 * 1024 ** 2

type Check = (
  stage: Stage,
  host: DeployHost,
  facts: PreflightFacts,
) => ReadonlyArray<readonly [what: string, fix: string]>

const root: Check = ({ deployTo, name }, _host, facts) => {
  if (facts.root === 'writable' || facts.root === 'creatable') return []
  const { user } = facts
  return facts.root === 'absent'
    ? [
        [
          `${deployTo} is not there`,
          `run capstan setup ${name} as an administrator: it makes the folder for ${user}`,
        ],
      ]
    : [[`${user} may not write to ${deployTo}`, `as root: ${typed(['chown', `${user}:`, deployTo])}`]]
}

const current: Check = ({ deployTo }, _host, facts) =>
  facts.current.kind === 'other'
    ? [
        [
          `${deployTo}/current is not a link`,
          `move it away: mv ${deployTo}/current ${deployTo}/current.before`,
        ],
      ]
    : []

const linkedFiles: Check = (stage, host, facts) =>
  missingFiles(stage, host, facts).map(({ path, fix }) => [
    `linked file ${path} is missing`,
    `capstan setup ${stage.name} makes its folder; then: ${fix}`,
  ])

/** The linked files that a host lacks, and what brings each of them there. */
export function missingFiles(
  stage: Stage,
  host: StageHost,
  facts: HostFacts,
): ReadonlyArray<{ readonly path: string; readonly fix: string }> {
  const files = facts.missingFiles.flatMap((position) => stage.linkedFiles.slice(position, position + 1))
  return files.map((file) => ({
    path: `${stage.layout.shared}/${file}`,
    fix: copyCommand(stage, { ...host, user: facts.user }, file),
  }))
}

const programs: Check = (_stage, _host, facts) =>
  facts.missingPrograms.map((program) => [
    `${program} is not installed`,
    `install it with the system's packages`,
  ])

const clock: Check = (_stage, _host, { skewMs }) =>
  Math.abs(skewMs) > SKEW_LIMIT_MS
    ? [
        [
          `its clock is ${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead' : 'behind'}`,
          'set the clocks: timedatectl set-ntp true on both machines',
        ],
      ]
    : []

const disk: Check = (_stage, _host, { freeBytes }) =>
  freeBytes < FREE_LIMIT_BYTES
    ? [
        [
          `only ${Math.floor(freeBytes / 1024 ** 2)} MiB are free`,
          'make room; capstan releases shows what is kept',
        ],
      ]
    : []

const node: Check = (stage, host, { nodes }) => {
  const isNeeded =
    servicesOn(stage, host).some((service) => service.type === 'worker') && stage.node !== 'release'
  if (!isNeeded || nodes.some(({ version }) => isEnough(version))) return []
  const found = nodes.map(({ version, path }) => `${version} at ${path}`).join(', ')
  return [
    [
      found === '' ? 'Node was not found' : `Node is too old: ${found}`,
      `install Node ${MINIMUM_NODE.join('.')} or newer there, or say node: 'release' and make "node" a dependency of the project`,
    ],
  ]
}

const units: Check = (stage, host, facts) =>
  servicesOn(stage, host).flatMap((service) => {
    const unit = facts.units.find((state) => state.unit === service.unitFile)
    if (unit?.isInstalled) return []
    const fix =
      service.type === 'worker'
        ? `run capstan setup ${stage.name} as an administrator: it installs the unit`
        : `install it, or correct services.${service.name}.unit`
    return [[`the unit ${shownUnit(service.unitFile)} is not installed (service ${service.name})`, fix]]
  })

/** A worker that setup never saw has no rule at all: a line for each command would only hide the rest. */
const rights: Check = (stage, host, { user, refused }) => {
  const isRefused = (right: Right) =>
    refused.some(({ verb, unit }) => verb === right.verb && unit === right.unit)
  const bare = servicesOn(stage, host)
    .filter((service) => service.type === 'worker' && rightsOf(service).every(isRefused))
    .map(({ unitFile }) => unitFile)
  const count = refused.filter(({ unit }) => bare.includes(unit)).length
  const summary = [
    `sudo rules for ${count} commands are missing`,
    `capstan setup ${stage.name} installs them (capstan sudoers ${stage.name} shows them)`,
  ] as const
  const others = refused.filter(({ unit }) => !bare.includes(unit))
  return [...(count === 0 ? [] : [summary]), ...others.map((right) => missingRight(stage.name, user, right))]
}

/** A command that sudo would ask a password for, and the line that lets it be. */
export function missingRight(
  stage: string,
  user: string,
  right: Right,
): readonly [what: string, fix: string] {
  const unit = shownUnit(right.unit)
  return [
    `sudo would ask ${user} for a password at: ${commandOf({ ...right, unit }).join(' ')}`,
    [
      `add to sudoers (capstan setup ${stage} does):`,
      ...sudoersRules(user, { unit, verbs: [right.verb] }),
    ].join('\n  '),
  ]
}

const linger: Check = (stage, host, { lingers, user }) =>
  lingers || servicesOn(stage, host).every(({ manager }) => manager === 'system')
    ? []
    : [
        [
          `linger is off for ${user}: its services would end with the deploy's own login`,
          `as root: loginctl enable-linger ${user}`,
        ],
      ]

const CHECKS: readonly Check[] = [
  ...[root, current, linkedFiles, programs, clock, disk],
  ...[node, units, rights, linger],
]

/** Everything about a host that would stop a deploy. */
export function problemsOf(stage: Stage, host: DeployHost, facts: PreflightFacts): Problem[] {
  return CHECKS.flatMap((check) => check(stage, host, facts)).map(([what, fix]) => ({
    host: host.name,
    what,
    fix,
  }))
}
