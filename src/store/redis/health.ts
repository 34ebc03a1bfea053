import type { StoreHealth } from '../inspection.ts'
import type { Ground } from './ground.ts'

/** `Store.ping`: one round trip; what this user may not ask is said to be unknown. */
export const ping =
  ({ client }: Ground) =>
  async (): Promise<StoreHealth> => {
    const orNothing = (answer: Promise<unknown>) => answer.catch(() => null)
    const [, info, fsync, save] = await Promise.all([
      client.command(['PING']),
      orNothing(client.command(['INFO'])),
      orNothing(client.command(['CONFIG', 'GET', 'appendfsync'])),
      orNothing(client.command(['CONFIG', 'GET', 'save'])),
    ])
    const facts = factsOf(typeof info === 'string' ? info : '')
    const policy = Array.isArray(fsync) ? String(fsync[1]) : null
    const makesNoSnapshot = Array.isArray(save) && save[1] === ''
    return {
      kind: 'redis',
      version: versionOf(facts),
      location: client.location,
      durability: durabilityOf(facts, policy, makesNoSnapshot),
      warnings: warningsOf(facts, policy),
    }
  }

type Facts = ReadonlyMap<string, string>

function factsOf(info: string): Facts {
  const lines = info.split('\r\n').filter((line) => line.includes(':') && !line.startsWith('#'))
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))
}

function versionOf(facts: Facts): string {
  const valkey = facts.get('valkey_version')
  if (valkey !== undefined) return `Valkey ${valkey}`
  return `Redis ${facts.get('redis_version') ?? 'of an unknown version'}`
}

function durabilityOf(facts: Facts, fsync: string | null, makesNoSnapshot: boolean): string {
  const aof = facts.get('aof_enabled')
  if (aof === undefined) return 'unknown: this user may not read INFO'
  if (aof === '0' && makesNoSnapshot) return 'the worker; after a crash of Redis, nothing'
  if (aof === '0') return 'the worker; after a crash of Redis, what its last snapshot holds'
  if (fsync === 'always') return 'a crash of Redis and a power cut'
  if (fsync === 'everysec') return 'a crash of Redis; a power cut may take the last second'
  return 'a crash of Redis; a power cut may take what the operating system had not written'
}

function warningsOf(facts: Facts, fsync: string | null): string[] {
  const warnings: string[] = []
  if (facts.size === 0) {
    warnings.push(
      'INFO is not allowed to this user: nothing is known about memory and durability (ACL: +info)',
    )
  }
  const policy = facts.get('maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction') {
    warnings.push(
      `maxmemory-policy is ${policy}: a full Redis deletes jobs (${kept('maxmemory-policy noeviction')})`,
    )
  }
  if (facts.get('aof_enabled') === '0') {
    warnings.push(`there is no append-only file: a restart of Redis loses jobs (${kept('appendonly yes')})`)
  } else if (fsync === 'no') {
    warnings.push(`appendfsync is no: a power cut loses jobs (${kept('appendfsync everysec')})`)
  }
  if (facts.get('aof_last_write_status') === 'err') {
    warnings.push('the append-only file cannot be written: free its disk')
  }
  if (facts.get('cluster_enabled') === '1') {
    warnings.push(
      'this is a Redis Cluster: the keys of the store do not share a slot (use a server of its own)',
    )
  }
  return warnings
}

/** Without the second step the next restart of the server forgets the first. */
function kept(setting: string): string {
  return `CONFIG SET ${setting}, and CONFIG REWRITE or redis.conf to keep it`
}
