import { sshCommand as loginCommand, typed } from '../remote/ssh-command.ts'
import type { Stage, StageHost } from './stage.ts'

/** What a person types to look at a host. */
export function sshCommand({ ssh }: Stage, host: StageHost): string {
  return loginCommand(host, ssh)
}

/** What a person types to bring a linked file of this machine to a host. */
export function copyCommand({ ssh, layout }: Stage, { host, user, port }: StageHost, file: string): string {
  const portWords = port === undefined ? [] : ['-P', String(port)]
  const address = host.includes(':') ? `[${host}]` : host
  const there = user === undefined ? address : `${user}@${address}`
  return typed(['scp', ...ssh, ...portWords, file, `${there}:${layout.shared}/${file}`])
}
