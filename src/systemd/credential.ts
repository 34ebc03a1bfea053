import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A secret that systemd gave this service with `LoadCredential=NAME:…` or `SetCredential=`, without the line break at
 * its end. null when there is none of that name. Unlike a variable it is in no environment and reaches no child process.
 */
export function credential(name: string, environment: NodeJS.ProcessEnv = process.env): string | null {
  const directory = environment.CREDENTIALS_DIRECTORY
  if (!directory || !readdirSync(directory).includes(name)) return null
  return readFileSync(join(directory, name), 'utf8').replace(/\r?\n$/, '')
}

/** Variables, and for those that are unset or empty the credential of the same name. */
export function withCredentials(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const directory = environment.CREDENTIALS_DIRECTORY
  if (!directory) return environment
  const filled = { ...environment }
  for (const name of readdirSync(directory)) filled[name] ||= credential(name, environment) ?? undefined
  return filled
}
