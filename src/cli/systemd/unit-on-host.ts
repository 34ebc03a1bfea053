import { existsSync, statSync } from 'node:fs'
import { serviceFacts } from '../../systemd/checks/service-facts.ts'
import type { ServiceManager } from '../../systemd/directive.ts'
import type { Finding } from '../../systemd/finding.ts'
import { lineOf, listOf, type Unit } from '../../systemd/unit.ts'

const WRITABLE_BY_OTHERS = 0o022

/** What only this machine can tell about a unit file: whether its paths exist, and who may write it. */
export function checkOnHost(path: string, unit: Unit, manager: ServiceManager): Finding[] {
  return [...checkOwner(path, manager), ...checkPaths(unit, manager)]
}

function checkOwner(path: string, manager: ServiceManager): Finding[] {
  if (manager === 'user' || !path.startsWith('/etc/')) return []
  const file = statSync(path, { throwIfNoEntry: false })
  if (file === undefined || (file.uid === 0 && (file.mode & WRITABLE_BY_OTHERS) === 0)) return []
  return [
    {
      ...{ severity: 'error', line: null },
      what: `${path} can be written by others than root: whoever can is root at its next start`,
      fix: `chown root:root ${path} && chmod 644 ${path}`,
    },
  ]
}

function checkPaths(unit: Unit, manager: ServiceManager): Finding[] {
  const { command } = serviceFacts(unit, { manager })
  const files = listOf(unit, 'Service', 'EnvironmentFile').map(({ value }) => value)
  const directories = listOf(unit, 'Service', 'WorkingDirectory').map(({ value }) => value)
  const named = [
    ...command.slice(0, 1).map((value) => ['ExecStart', value] as const),
    ...directories.map((value) => ['WorkingDirectory', value] as const),
    ...files.map((value) => ['EnvironmentFile', value] as const),
  ]
  return named
    .filter(([, value]) => value.startsWith('/') && !/[%*?]/.test(value) && !existsSync(value))
    .map(([name, value]) => ({
      ...({ severity: 'error', line: lineOf(unit, 'Service', name) } as const),
      what: `${name}=: there is no ${value} on this machine; the start fails`,
      fix: 'make it, or name the right one (a - in front of a file or directory forgives its absence)',
    }))
}
