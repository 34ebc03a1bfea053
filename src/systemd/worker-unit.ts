import { hardening } from './hardening.ts'
import type { Section, Unit } from './unit.ts'
import { literal, quoteArgument, quoteWord } from './unit-words.ts'
import { checkWorkerUnit, type WorkerUnitOptions } from './worker-unit-options.ts'

/** From the end of the worker's own timeout to SIGKILL: time to hand jobs back to a store that is slow. */
export const STOP_MARGIN_S = 10
/** Loading a large application on a busy machine takes some ten seconds. */
export const START_TIMEOUT_S = 60
/** Half of a lease (60 s), so that a hung worker is gone before others run its jobs. */
export const WATCHDOG_S = 30
/** Interrupted jobs wait for it; it only keeps a crash loop from using up a core before the start limit ends it. */
const RESTART_PAUSE_S = 0.3
const START_BURST = 10
/** `capstan` ends with it when it was used wrongly; starting it again would change nothing. */
const WRONG_USAGE = 2
const MS_PER_S = 1000

/** `APP-SERVICE@.service`, or `APP-SERVICE.service` for a fixed one. */
export function workerUnitName({ application, service, shape }: WorkerUnitOptions): string {
  return `${application}-${service}${shape === 'template' ? '@' : ''}.service`
}

/** Where an instance finds its release: a link. */
export function instanceLink(deployTo: string, instance: string): string {
  return `${deployTo}/.capstan/instances/${instance}`
}

/**
 * The unit of a worker.
 * @throws UsageError `unit.root` for a user that is missing or root, `unit.value` for a value that cannot be written
 */
export function workerUnit(options: WorkerUnitOptions): Unit {
  checkWorkerUnit(options)
  const stopS = Math.ceil(options.timeoutMs / MS_PER_S) + STOP_MARGIN_S
  return {
    sections: [
      section('Unit', [
        ['Description', description(options)],
        ...networkOnline(options),
        ['StartLimitIntervalSec', String(startLimitIntervalS(stopS))],
        ['StartLimitBurst', String(START_BURST)],
      ]),
      section('Service', [...life(options, stopS), ...surroundings(options), ...limits(options)]),
      section('Install', [
        ['WantedBy', options.manager === 'system' ? 'multi-user.target' : 'default.target'],
      ]),
    ],
  }
}

type Pair = readonly [name: string, value: string]

function section(name: string, pairs: readonly Pair[]): Section {
  return { name, entries: pairs.map(([name, value]) => ({ name, value, line: null })) }
}

function description({ application, service, shape }: WorkerUnitOptions): string {
  return `${application} ${service}${shape === 'template' ? ' %i' : ''} (Capstan)`
}

/** A user's manager has no such target. */
function networkOnline({ manager }: WorkerUnitOptions): Pair[] {
  const target = 'network-online.target'
  return manager === 'user'
    ? []
    : [
        ['Wants', target],
        ['After', target],
      ]
}

/** So long that even starts which each use up all their time are too many in it. */
function startLimitIntervalS(stopS: number): number {
  return Math.ceil(START_BURST * (RESTART_PAUSE_S + START_TIMEOUT_S + stopS))
}

function directory({ deployTo, shape }: WorkerUnitOptions): string {
  return shape === 'template' ? instanceLink(literal(deployTo), '%i') : `${literal(deployTo)}/current`
}

function program(options: WorkerUnitOptions): string {
  return options.node === 'release'
    ? `${directory(options)}/node_modules/node/bin/node`
    : literal(options.node)
}

function life(options: WorkerUnitOptions, stopS: number): Pair[] {
  const capstan = [
    program(options),
    quoteArgument(`${directory(options)}/node_modules/capstan/bin/capstan.cjs`),
  ]
  const work = (options.options ?? []).map((word) => quoteArgument(literal(word)))
  return [
    ['Type', 'notify'],
    ['NotifyAccess', 'main'],
    ['WorkingDirectory', directory(options)],
    ['ExecStart', [...capstan, 'work', ...work].join(' ')],
    ['ExecReload', '/bin/kill -TSTP $MAINPID'],
    // A recovery that fails is repeated by the next worker; it must not make a tidy stop look like a failure.
    ['ExecStopPost', `-${[...capstan, 'recover', '--unit', '%n'].join(' ')}`],
    ['TimeoutStartSec', String(START_TIMEOUT_S)],
    ['TimeoutStopSec', String(stopS)],
    ['WatchdogSec', String(WATCHDOG_S)],
    ['KillMode', 'mixed'],
    ['Restart', 'always'],
    ['RestartSec', `${RESTART_PAUSE_S * MS_PER_S}ms`],
    ['RestartPreventExitStatus', String(WRONG_USAGE)],
  ]
}

function surroundings(options: WorkerUnitOptions): Pair[] {
  const { application, service, manager, user, environment = {}, credentials = {} } = options
  const variables = { NODE_ENV: 'production', ...environment }
  return [
    ...(manager === 'system' && user !== undefined ? ([['User', user]] as const) : []),
    ['UMask', '0027'],
    ...Object.entries(variables).map(
      ([name, value]): Pair => ['Environment', quoteWord(literal(`${name}=${value}`))],
    ),
    ...ownEnvironment(options),
    ...(options.environmentFiles ?? []).map((file): Pair => ['EnvironmentFile', literal(file)]),
    ...Object.entries(credentials).map(
      ([name, file]): Pair => ['LoadCredential', `${name}:${literal(file)}`],
    ),
    ['SyslogIdentifier', `${application}-${service}`],
  ]
}

function ownEnvironment(options: WorkerUnitOptions): Pair[] {
  const { ownEnvironmentFile: name } = options
  return name === undefined ? [] : [['EnvironmentFile', `-${directory(options)}/${literal(name)}`]]
}

function limits(options: WorkerUnitOptions): Pair[] {
  const { deployTo, manager, node, memoryMax, writable = [] } = options
  const paths = [`${deployTo}/shared`, ...writable]
  const needsHome = [node, ...paths].some((path) => /^\/(home|root|run\/user)\//.test(path))
  return [
    ['OOMPolicy', 'continue'],
    ...(memoryMax === undefined ? [] : ([['MemoryMax', memoryMax]] as const)),
    ...hardening(options.hardening ?? 'basic', { manager, writable: paths, needsHome }),
  ]
}
