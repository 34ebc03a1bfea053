import type { SidekiqServiceConfig } from '../deploy-config.ts'
import type { CapistranoRun } from './capistrano-run.ts'

/** A version of capistrano-sidekiq, as far as its settings differ. */
type Era = 1 | 2 | 3

const USER_SETTINGS: Readonly<Record<Era, readonly string[]>> = {
  1: [],
  2: ['sidekiq_service_unit_user'],
  3: ['sidekiq_systemctl_user', 'service_unit_user'],
}
const ALL_USER_SETTINGS = Object.values(USER_SETTINGS).flat()

/** The Sidekiq services of a stage, under the units that the plugin worked with. */
export function sidekiqServices(
  run: CapistranoRun,
  { stage, application, version }: { stage: string; application: string; version: string | null },
): Record<string, SidekiqServiceConfig> {
  if (!run.required.has('capistrano/sidekiq')) return {}
  const era = eraOf(run, version)
  const roles = rolesOf(run, era)
  const drain = run.value('sidekiq_timeout')
  const common = {
    type: 'sidekiq' as const,
    roles,
    ...(managerOf(run, era) === 'user' ? { manager: 'user' as const } : {}),
    ...(typeof drain === 'number' ? { drain: `${drain}s` } : {}),
  }
  warnOfRoles(run, roles, stage)
  if (run.value('sidekiq_default_hooks') === false) {
    run.remark(
      run.placeOf('sidekiq_default_hooks'),
      'changed: the plugin did nothing in a deploy by itself; the service sidekiq is restarted by each. Take it out if that is not wanted',
    )
  }
  const byDefault = { 1: `sidekiq-${stage}`, 2: 'sidekiq', 3: `${application}_sidekiq_${stage}` }[era]
  const base = (run.text('sidekiq_service_unit_name') ?? byDefault).replace(/\.service$/, '')
  const units = unitNames(run, era, base)
  return Object.fromEntries(units.map(([name, unit]) => [name, { ...common, unit: `${unit}.service` }]))
}

function eraOf(run: CapistranoRun, version: string | null): Era {
  if (version !== null) return Math.min(3, Math.max(1, Number.parseInt(version, 10))) as Era
  const isThird = [...USER_SETTINGS[3], 'sidekiq_config_files'].some((key) => run.settings.has(key))
  const isSecond = [...run.required].some((feature) => feature.startsWith('Capistrano::Sidekiq'))
  const era = isThird ? 3 : isSecond ? 2 : 1
  run.remark(
    'Gemfile.lock',
    `capistrano-sidekiq is not in it; its settings were read as those of version ${era}.x: see that roles and unit are right`,
  )
  return era
}

function rolesOf(run: CapistranoRun, era: Era): string[] {
  return run.texts('sidekiq_roles') ?? run.texts('sidekiq_role') ?? [era === 3 ? 'worker' : 'app']
}

/** A setting of another version was passed over in silence; what it means is what was wanted. */
function managerOf(run: CapistranoRun, era: Era): string {
  for (const key of [...USER_SETTINGS[era], ...ALL_USER_SETTINGS]) {
    const said = run.text(key)
    if (said === undefined) continue
    if (!USER_SETTINGS[era].includes(key)) {
      run.remark(
        run.placeOf(key),
        `changed: capistrano-sidekiq ${era}.x does not read ${key} and worked with the user manager; it counts now: see that the unit is there (capstan doctor)`,
      )
    }
    return said
  }
  return 'user'
}

function warnOfRoles(run: CapistranoRun, roles: readonly string[], stage: string): void {
  if (run.servers.some((server) => server.roles.some((role) => roles.includes(role)))) return
  run.remark(
    `stage ${stage}`,
    `trap: no host has the role ${roles.join(' or ')}, so the plugin did nothing there and said nothing; Capstan refuses to deploy until the service sidekiq names a role that a host has, or roles: []`,
  )
}

/** Names of services, and their units. */
function unitNames(run: CapistranoRun, era: Era, base: string): Array<[string, string]> {
  if (era === 3) {
    const files = (run.texts('sidekiq_config_files') ?? ['sidekiq.yml']).map((file) =>
      file.replace(/^.*\//, '').replace(/\.ya?ml$/, ''),
    )
    return files.map((file) =>
      file === 'sidekiq' ? ['sidekiq', base] : [`sidekiq-${file}`, `${base}.${file}`],
    )
  }
  const processes = run.value('sidekiq_processes') ?? 1
  if (typeof processes !== 'number' || processes < 2) return [['sidekiq', base]]
  run.remark(
    run.placeOf('sidekiq_processes'),
    `look: units were named differently by each version; ${base}@1 to ${base}@${processes} are taken. See systemctl list-units 'sidekiq*'`,
  )
  return Array.from({ length: processes }, (_, index) => [`sidekiq-${index + 1}`, `${base}@${index + 1}`])
}
