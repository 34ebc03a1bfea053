import { type Duration, durationMs } from '../kernel/duration.ts'
import { UsageError } from '../kernel/errors.ts'
import type { Cutover, ServiceConfig, WorkerServiceConfig } from './deploy-config.ts'
import type { StageHost } from './stage-hosts.ts'

interface AnyStageService {
  readonly name: string
  /** Those of the chosen hosts that run it; may be empty. */
  readonly hosts: readonly StageHost[]
  readonly manager: 'system' | 'user'
  readonly drainMs: number
}

export interface StageWorkerService extends AnyStageService {
  readonly type: 'worker'
  readonly processes: number
  readonly cutover: Cutover
  /** null: who logs in. */
  readonly user: string | null
  readonly options: readonly string[]
  readonly timeoutMs: number
  readonly hardening: 'off' | 'basic' | 'strict'
  /** null: no limit. */
  readonly memoryMax: string | null
  readonly environmentFiles: readonly string[]
  readonly credentials: Readonly<Record<string, string>>
}

/** A service under a unit that exists. */
export interface StageUnitService extends AnyStageService {
  readonly type: 'sidekiq' | 'unit'
  readonly unit: string
}

export type StageService = StageWorkerService | StageUnitService

const DEFAULT_TIMEOUT: Duration = '25s' // what workers, ours and Sidekiq's, take without being told
const SIDEKIQ_UNIT = 'sidekiq.service'

export interface ServiceParams {
  readonly all: readonly StageHost[]
  readonly chosen: readonly StageHost[]
  /** The `timeout` of the configuration. */
  readonly timeout: Duration | undefined
}

/**
 * A service with its defaults, and the hosts that run it.
 * @throws UsageError `roles.unknown` when no host of the stage has one of its roles
 */
export function stageService(name: string, config: ServiceConfig, params: ServiceParams): StageService {
  const where = `service ${name}`
  const timeout = config.type === 'worker' ? (config.timeout ?? params.timeout) : undefined
  const timeoutMs = durationMs(timeout ?? DEFAULT_TIMEOUT, `${where}: timeout`)
  const common = {
    name,
    hosts: hostsOf(where, config.roles, params),
    manager: config.manager ?? 'system',
    drainMs: config.drain === undefined ? timeoutMs : durationMs(config.drain, `${where}: drain`),
  }
  if (config.type === 'worker') return { ...common, ...workerService(config), timeoutMs }
  return { ...common, type: config.type, unit: config.unit ?? SIDEKIQ_UNIT }
}

function workerService(config: WorkerServiceConfig) {
  return {
    type: config.type,
    processes: config.processes ?? 1,
    cutover: config.cutover ?? ('overlap' as const),
    user: config.user ?? null,
    options: config.options ?? [],
    hardening: config.hardening ?? ('basic' as const),
    memoryMax: config.memoryMax ?? null,
    environmentFiles: config.environmentFiles ?? [],
    credentials: config.credentials ?? {},
  }
}

function hostsOf(
  where: string,
  roles: readonly string[] | undefined,
  { all, chosen }: ServiceParams,
): readonly StageHost[] {
  if (roles === undefined) return chosen
  const runs = (host: StageHost) => roles.some((role) => host.roles.includes(role))
  // A deploy that quietly leaves a service out keeps its old code running.
  if (roles.length > 0 && !all.some(runs)) {
    const there = all.map((host) => `${host.name} (${host.roles.join(', ')})`).join(', ')
    throw new UsageError(
      'roles.unknown',
      `${where}: no host of the stage has the role ${roles.join(' or ')}; there are ${there}; roles: [] leaves it out`,
    )
  }
  return chosen.filter(runs)
}
