import type { HostAddress } from './transport.ts'

/** What a person types to log in to a host, with the options that ssh is given besides. */
export function sshCommand({ host, user, port }: HostAddress, options: readonly string[]): string {
  const portWords = port === undefined ? [] : ['-p', String(port)]
  return typed(['ssh', ...options, ...portWords, user === undefined ? host : `${user}@${host}`])
}

/** Words as one types them. */
export function typed(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w./:=,@%+[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}
