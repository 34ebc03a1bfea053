import { UsageError } from '../../kernel/errors.ts'

/** A server or its unix socket, without credentials. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string }

export interface Credentials {
  /** null: the user `default`. */
  readonly username: string | null
  /** null: none. */
  readonly password: string | null
}

/** What a store URL says. */
export interface Address extends Credentials {
  readonly endpoint: Endpoint
  readonly tls: boolean
  readonly database: number
}

const DEFAULT_PORT = 6379
const ENCODED = 'in a user or password write % as %25, # as %23, / as %2F, ? as %3F, @ as %40 and : as %3A'
const FORMS = 'redis://[user:password@]host[:port][/db], rediss:// for TLS, or unix:///path/to.sock[?db=N]'

/**
 * Reads a store URL.
 *
 * @throws UsageError `options.url`; the message never repeats the URL, which may hold a password
 */
export function parseAddress(text: string): Address {
  // URL refuses credentials before an empty host, which a path has.
  const whole = text.replace(/^((?:redis\+)?unix:\/\/[^/]*@)\//, '$1localhost/')
  const url = URL.canParse(whole) ? new URL(whole) : null
  switch (url?.protocol) {
    case 'redis:':
    case 'rediss:':
      return networkAddress(url)
    case 'unix:':
    case 'redis+unix:':
      return socketAddress(url)
    default:
      throw refuse(unreadable(text, url))
  }
}

function unreadable(text: string, url: URL | null): string {
  if (!text.includes('://')) return 'one that does not begin with redis://'
  return url === null ? `one that cannot be read; ${ENCODED}` : `the scheme '${url.protocol}//'`
}

/** `host:port` or a path, for messages. */
export function showEndpoint(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `${host}:${endpoint.port}`
}

/**
 * Reads `host[:port]`, `[v6]:port` or a redis:// URL's host part.
 *
 * @throws UsageError `options.url`
 */
export function parseEndpoint(text: string, defaultPort: number, where: string): Endpoint {
  const match = /^(?:redis:\/\/)?(\[[0-9a-fA-F:.]+\]|[^\s:/@[\]]+)(?::(\d{1,5}))?\/?$/.exec(text)
  if (!match) throw new UsageError('options.url', `${where}: expected host:port, got ${JSON.stringify(text)}`)
  return { host: bare(match[1]!), port: match[2] === undefined ? defaultPort : Number(match[2]) }
}

function networkAddress(url: URL): Address {
  // The password ended too soon, and its first half was read as a port.
  if (`${url.pathname}${url.search}${url.hash}`.includes('@'))
    throw refuse(`one with an @ behind the host; ${ENCODED}`)
  const database = url.pathname === '' || url.pathname === '/' ? '0' : url.pathname.slice(1)
  return {
    endpoint: {
      host: url.hostname === '' ? '127.0.0.1' : bare(url.hostname),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    },
    tls: url.protocol === 'rediss:',
    database: databaseNumber(database),
    ...credentialsOf(url),
  }
}

function socketAddress(url: URL): Address {
  if (url.pathname === '' || url.pathname === '/') throw refuse('a unix URL without a path')
  return {
    endpoint: { path: decodeURIComponent(url.pathname) },
    tls: false,
    database: databaseNumber(url.searchParams.get('db') ?? '0'),
    ...credentialsOf(url),
  }
}

function credentialsOf(url: URL): Credentials {
  return {
    username: url.username === '' ? null : decoded(url.username),
    password: url.password === '' ? null : decoded(url.password),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Its cause would show the text.
    throw refuse(`a user or password with a lone %; ${ENCODED}`)
  }
}

function databaseNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw refuse(`the database ${JSON.stringify(text)}, which is no number`)
  return Number(text)
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host
}

function refuse(got: string): UsageError {
  return new UsageError('options.url', `url: expected ${FORMS}, got ${got}`)
}
