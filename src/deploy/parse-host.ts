import { invalid } from '../kernel/check.ts'
// A type alone: this is loaded with every configuration.
import type { HostAddress } from '../remote/transport.ts'
import type { StageConfig } from './deploy-config.ts'

const LAST_PORT = 65_535
const SSH_PORT = 22

// None of them may begin with a hyphen: ssh would take it for an option.
const USER = /^[A-Za-z0-9_.][A-Za-z0-9_.@+-]*$/
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/
const IPV6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?$/

/**
 * The parts of `host`, `user@host`, `user@host:port`, `[::1]:port` or a bare IPv6 address, which stand without brackets then.
 * @throws UsageError `config.invalid`
 */
export function parseHost(text: unknown, where: string): HostAddress {
  const [, user, bracketed, bare = bracketed, port] =
    typeof text === 'string'
      ? (/^(?:(.*)@)?(?:\[(.*)\]|(.*?))(?::(\d+))?$/s.exec(ipv6InBrackets(text)) ?? [])
      : []
  const isHost = bracketed === undefined ? NAME.test(bare ?? '') : IPV6.test(bracketed)
  if (!isHost || (user !== undefined && !isUserName(user)) || (port !== undefined && !isPort(Number(port)))) {
    throw invalid(where, 'a host such as web-1, deploy@web-1:22 or deploy@[::1]:22', text)
  }
  return {
    host: bare!,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  }
}

/** Without brackets the last group of an IPv6 address would pass for a port. */
function ipv6InBrackets(text: string): string {
  const at = text.lastIndexOf('@') + 1
  const host = text.slice(at)
  return /:.*:/.test(host) && !host.startsWith('[') ? `${text.slice(0, at)}[${host}]` : text
}

export function isUserName(value: unknown): boolean {
  return typeof value === 'string' && USER.test(value)
}

export function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) <= LAST_PORT
}

/** What a host is called in messages and in `--hosts`: its name, and the port where it is not ssh's own. */
export function hostName({ host, port = SSH_PORT }: HostAddress): string {
  const bracketed = host.includes(':') ? `[${host}]` : host
  return port === SSH_PORT ? host : `${bracketed}:${port}`
}

/** The address of a host as it is configured. */
export function addressOf(configured: StageConfig['hosts'][number], where: string): HostAddress {
  if (typeof configured === 'string') return parseHost(configured, where)
  const { host: text, user, port } = configured
  return {
    ...parseHost(text, where),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
  }
}
