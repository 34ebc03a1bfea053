import type { Ground } from './ground.ts'

/**
 * The highest major version of Sidekiq that a registered process of its own tells, or null: none is there, or only
 * such as are too old to tell (before 7.0.2).
 */
export async function newestSidekiq({ client, keys }: Ground): Promise<number | null> {
  const [registered, ours] = (await Promise.all([
    client.command(['SMEMBERS', keys.processes]),
    client.command(['HKEYS', keys.workers]),
  ])) as [string[], string[]]
  const own = new Set(ours)
  const others = registered.filter((identity) => !own.has(identity))
  const infos = await Promise.all(
    others.map((identity) => client.command(['HGET', keys.processHash(identity), 'info'])),
  )
  const majors = infos.map((info) => majorOf(info as string | null)).filter((major) => major !== null)
  return majors.length === 0 ? null : Math.max(...majors)
}

function majorOf(info: string | null): number | null {
  try {
    const version: unknown = JSON.parse(info ?? 'null')?.version
    const major = typeof version === 'string' ? Number.parseInt(version, 10) : Number.NaN
    return Number.isNaN(major) ? null : major
  } catch {
    return null
  }
}
