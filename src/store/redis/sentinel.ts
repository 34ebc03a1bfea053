import { messageOf, StoreError } from '../../kernel/errors.ts'
import { type Credentials, type Endpoint, showEndpoint } from './address.ts'
import type { Connection } from './connection.ts'

export interface SentinelGroup {
  /** Of the primary, as the sentinels know it. */
  readonly name: string
  readonly sentinels: readonly Endpoint[]
  readonly credentials: Credentials
}

/** Opens a connection without logging in. */
export type Opener = (endpoint: Endpoint) => Promise<Connection>

/**
 * Asks one sentinel after the other where the primary is; the first that knows is believed.
 *
 * @throws StoreError `store.not_stored`, retryable, with what each one said
 */
export async function findPrimary(group: SentinelGroup, open: Opener): Promise<Endpoint> {
  const answers: string[] = []
  for (const sentinel of group.sentinels) {
    try {
      return await ask(sentinel, group, open)
    } catch (error) {
      answers.push(`${showEndpoint(sentinel)}: ${messageOf(error)}`)
    }
  }
  throw new StoreError(
    'store.not_stored',
    `no sentinel told where the primary '${group.name}' is (${answers.join('; ')})`,
    { retryable: true },
  )
}

async function ask(sentinel: Endpoint, group: SentinelGroup, open: Opener): Promise<Endpoint> {
  const connection = await open(sentinel)
  try {
    const { username, password } = group.credentials
    if (password !== null) {
      await connection.demand(['AUTH', ...(username === null ? [] : [username]), password])
    }
    const reply = await connection.demand(['SENTINEL', 'get-master-addr-by-name', group.name])
    if (Array.isArray(reply)) return { host: String(reply[0]), port: Number(reply[1]) }
    throw new StoreError('store.not_stored', `knows no primary of this name`, { retryable: true })
  } finally {
    connection.end({ kind: 'closed' })
  }
}

/**
 * Makes sure that a server is a primary: a sentinel may not have heard yet that it was replaced.
 *
 * @throws StoreError `store.not_stored`, retryable, when it is not
 */
export async function demandPrimary(connection: Connection, where: string): Promise<void> {
  const reply = await connection.demand(['ROLE'])
  const role = Array.isArray(reply) ? reply[0] : reply
  if (role === 'master') return
  throw new StoreError('store.not_stored', `Redis at ${where} is a ${role}, not the primary`, {
    retryable: true,
  })
}
