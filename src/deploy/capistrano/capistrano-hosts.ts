import type { HostConfig } from '../deploy-config.ts'
import type { CapistranoRun, Server } from './capistrano-run.ts'
import { entriesOf, RubySymbol, type Value } from './ruby-value.ts'

const TAKEN = ['user', 'port', 'primary', 'no_release', 'ssh_options']
const SSH_TAKEN = ['user', 'port']

/** The hosts of a stage. The first one with the role of migrations is primary, as it was. */
export function hostsOf(run: CapistranoRun): Array<string | HostConfig> {
  const ssh = entriesOf(run.value('ssh_options'))
  remarkSsh(run, ssh, run.placeOf('ssh_options'))
  const servers = run.servers.filter((server) => isDeployedTo(run, server))
  const primary = migrationServer(run)
  return servers.map((server) => {
    const host = hostOf(run, server, ssh)
    return shortened(server === primary && server !== servers[0] ? { ...host, primary: true } : host)
  })
}

function isDeployedTo(run: CapistranoRun, server: Server): boolean {
  if (server.properties.get('no_release') !== true) return true
  run.remark(server.at, `dropped: ${server.address} is no_release: hosts here are those that are deployed to`)
  return false
}

/** Capistrano migrates on the first host of a role that is marked, else on the first of them; without one, nowhere. */
export function migrationServer(run: CapistranoRun): Server | undefined {
  const role = migrationRole(run)
  const having = run.servers.filter(
    ({ roles, properties }) => roles.includes(role) && properties.get('no_release') !== true,
  )
  return having.find((server) => server.properties.get('primary') === true) ?? having[0]
}

export function migrationRole(run: CapistranoRun): string {
  return run.text('migration_role') ?? 'db'
}

function hostOf(run: CapistranoRun, server: Server, ssh: ReadonlyMap<string, Value>): HostConfig {
  const own = entriesOf(server.properties.get('ssh_options'))
  remarkSsh(run, own, server.at)
  const said = (key: string) => server.properties.get(key) ?? own.get(key) ?? ssh.get(key)
  const [user, port] = [plain(said('user')), plain(said('port'))]
  const hasPort = /:\d+$/.test(server.address)
  return {
    host: server.address,
    ...(user === undefined ? {} : { user: String(user) }),
    ...(port === undefined || hasPort ? {} : { port: Number(port) }),
    roles: server.roles,
    ...propertiesOf(run, server),
  }
}

function propertiesOf(run: CapistranoRun, server: Server): Pick<HostConfig, 'properties'> {
  const properties: Record<string, string | number | boolean> = {}
  for (const [key, value] of server.properties) {
    if (TAKEN.includes(key)) continue
    const its = plain(value)
    if (its !== undefined) properties[key] = its
    else
      run.remark(
        server.at,
        `dropped: ${key} of ${server.address}: properties are texts, numbers, true or false`,
      )
  }
  return Object.keys(properties).length === 0 ? {} : { properties }
}

/** A value that a property may have; undefined for others. */
function plain(value: Value | undefined): string | number | boolean | undefined {
  if (value instanceof RubySymbol) return value.name
  return typeof value === 'object' || value === null ? undefined : value
}

function remarkSsh(run: CapistranoRun, ssh: ReadonlyMap<string, Value>, at: string): void {
  const others = [...ssh.keys()].filter((key) => !SSH_TAKEN.includes(key))
  if (others.length === 0) return
  run.remark(
    at,
    `dropped: ssh_options ${others.join(', ')}: ssh reads ~/.ssh/config here (IdentityFile, ForwardAgent, ProxyJump …)`,
  )
}

/** A host that has nothing but an address and the usual role is one word. */
function shortened(host: HostConfig): string | HostConfig {
  const { host: address, user, roles, ...more } = host
  const isUsual = roles?.length === 1 && roles[0] === 'app' && Object.keys(more).length === 0
  if (!isUsual) return host
  return user === undefined ? address : `${user}@${address}`
}
