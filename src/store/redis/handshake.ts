import { StoreError } from '../../kernel/errors.ts'
import type { Credentials } from './address.ts'
import type { Command } from './command.ts'
import type { Connection } from './connection.ts'
import { type Reply, ReplyError } from './reply-parser.ts'
import { formFor, type Script } from './script.ts'

export interface HandshakeParams {
  readonly credentials: Credentials
  readonly database: number
  /** Shown by CLIENT LIST. */
  readonly name: string
  readonly scripts: readonly Script[]
}

/** What the server said about itself and about this connection. */
export interface Greeting {
  readonly version: string
  readonly major: number
  /** Of this connection, for CLIENT UNBLOCK. */
  readonly clientId: number
}

const OLDEST = [6, 2] as const

/**
 * Logs in, selects the database and loads the scripts, in one round trip on Redis ≥ 7.
 *
 * @throws StoreError as for any command; `store.version` for a server that is too old
 */
export async function shakeHands(connection: Connection, params: HandshakeParams): Promise<Greeting> {
  const hello = connection.request(helloOf(params))
  const select = params.database === 0 ? null : connection.request(['SELECT', params.database])
  // The form for Redis ≥ 7, without knowing yet; an older server does not compile it.
  const loads = params.scripts.map((each) => connection.request(loadOf(each, OPTIMISTIC_MAJOR)))
  const rest = Promise.all([select, ...loads])
  // Whatever fails is told by the first reply that matters.
  rest.catch(() => undefined)
  const greeting = greetingOf(connection, await hello)
  const [selected, ...loaded] = await rest
  if (selected instanceof ReplyError) connection.accept(selected)
  if (greeting.major >= OPTIMISTIC_MAJOR) for (const reply of loaded) connection.accept(reply as Reply)
  else for (const each of params.scripts) await connection.demand(loadOf(each, greeting.major))
  return greeting
}

const OPTIMISTIC_MAJOR = 7

function helloOf({ credentials: { username, password }, name }: HandshakeParams): Command {
  const login = password === null ? [] : ['AUTH', username ?? 'default', password]
  return ['HELLO', 2, ...login, 'SETNAME', name]
}

function loadOf(script: Script, major: number): Command {
  return ['SCRIPT', 'LOAD', formFor(major, script).lua]
}

function greetingOf(connection: Connection, reply: Reply): Greeting {
  if (reply instanceof ReplyError && /unknown command/i.test(reply.text)) throw tooOld('older than 6')
  const pairs = connection.accept(reply) as Reply[]
  const facts = new Map<Reply, Reply>()
  for (let at = 0; at + 1 < pairs.length; at += 2) facts.set(pairs[at]!, pairs[at + 1]!)
  const version = String(facts.get('version'))
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const isNewEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
  if (!isNewEnough) throw tooOld(version)
  return { version, major, clientId: Number(facts.get('id')) }
}

function tooOld(version: string): StoreError {
  return new StoreError('store.version', `Redis ${OLDEST.join('.')} or newer is needed, this is ${version}`)
}
