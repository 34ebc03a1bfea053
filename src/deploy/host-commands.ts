import type { Stage, StageHost } from './stage.ts'

/** What a person types to look at a host. */
export function sshCommand({ ssh }: Stage, { host, user, port }: StageHost): string {
  const portWords = port === undefined ? [] : ['-p', String(port)]
  return typed(['ssh', ...ssh, ...portWords, withUser(user, host)])
}

/** What a person types to bring a linked file of this machine to a host. */
export function copyCommand({ ssh, layout }: Stage, { host, user, port }: StageHost, file: string): string {
  const portWords = port === undefined ? [] : ['-P', String(port)]
  const there = withUser(user, host.includes(':') ? `[${host}]` : host)
  return typed(['scp', ...ssh, ...portWords, file, `${there}:${layout.shared}/${file}`])
}

function withUser(user: string | undefined, host: string): string {
  return user === undefined ? host : `${user}@${host}`
}

/** Words as one types them. */
export function typed(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:=,@%+[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}
