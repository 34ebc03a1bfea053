import type { Finding } from '../finding.ts'
import { listOf } from '../unit.ts'
import { splitWords } from '../unit-words.ts'
import type { ServiceFacts } from './service-facts.ts'

/** Where it works, what it is given, where it writes, and what it is forbidden. */
export function checkSurroundings(service: ServiceFacts): Finding[] {
  return [
    ...checkDirectory(service),
    ...checkEnvironment(service),
    ...checkOutput(service),
    ...checkOrder(service),
    ...checkSandbox(service),
  ]
}

function checkDirectory({ value, find, workerTimeoutMs }: ServiceFacts): Finding[] {
  const directory = value('WorkingDirectory')?.replace(/^-/, '') ?? null
  const fix = 'WorkingDirectory=/var/www/APP/current'
  if (directory === null)
    return workerTimeoutMs === null
      ? []
      : [find('warning', null, { what: 'there is no WorkingDirectory=: it runs in /, or in its home', fix })]
  if (!/^[/~%]/.test(directory))
    return [
      find('error', 'WorkingDirectory', { what: `"${directory}" is no absolute path, and is ignored`, fix }),
    ]
  return /\/releases\/\d{14}/.test(directory)
    ? [
        find('warning', 'WorkingDirectory', {
          what: 'it names one release: a deploy does not change what runs, and cleaning up removes it',
          fix,
        }),
      ]
    : []
}

const SECRET = /(PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_KEY|MASTER_KEY)/i

function checkEnvironment({ unit }: ServiceFacts): Finding[] {
  const secrets = listOf(unit, 'Service', 'Environment').flatMap(({ value, line }): Finding[] => {
    const word = splitWords(value)?.find(
      (each) => SECRET.test(each.split('=')[0]!) || /:\/\/[^/]*:[^/]+@/.test(each),
    )
    if (word === undefined) return []
    const what = `${word.split('=')[0]} looks like a secret: \`systemctl show\` tells it to every local user`
    return [
      { severity: 'warning', line, what, fix: 'LoadCredential=, or an EnvironmentFile= with mode 0600' },
    ]
  })
  const files = listOf(unit, 'Service', 'EnvironmentFile').flatMap(({ value, line }): Finding[] => {
    if (/^-?[/%]/.test(value)) return []
    return [
      {
        severity: 'error',
        line,
        what: `EnvironmentFile=${value} is no absolute path, and is ignored`,
        fix: 'write the whole path',
      },
    ]
  })
  return [...secrets, ...files]
}

function checkOutput({ value, find }: ServiceFacts): Finding[] {
  return ['StandardOutput', 'StandardError'].flatMap((name) => {
    if (/^syslog(\+console)?$/.test(value(name) ?? ''))
      return [
        find('warning', name, {
          what: `${name}=syslog is gone since systemd 246, which takes the journal in its place`,
          fix: 'take it away: the journal is the default, and hands on to a syslog where one runs',
        }),
      ]
    const kind = /^(file|append|truncate):/.exec(value(name) ?? '')?.[1]
    if (kind === undefined) return []
    const effect = kind === 'file' ? ', and each start writes over its beginning' : ''
    return [
      find('note', name, {
        what: `${name}=${kind}: is opened by root, belongs to root when it is new, and grows without end${effect}`,
        fix: `take it away: the journal has limits, times and levels (journalctl --unit NAME), or rotate the file with copytruncate`,
      }),
    ]
  })
}

function checkOrder({ unit, manager }: ServiceFacts): Finding[] {
  return listOf(unit, 'Unit', 'After').flatMap(({ value, line }): Finding[] => {
    const findings: Finding[] = []
    if (/\bsyslog\.target\b/.test(value))
      findings.push({
        severity: 'note',
        line,
        what: 'syslog.target was removed from systemd in 2013: it orders nothing, and the journal is always there',
        fix: 'take it away',
      })
    if (manager === 'user' && /\bnetwork(-online)?\.target\b/.test(value))
      findings.push({
        severity: 'note',
        line,
        what: "a user's manager has no network targets",
        fix: 'take it away',
      })
    else if (
      /\bnetwork\.target\b/.test(value) &&
      !listOf(unit, 'Unit', 'After').some((after) => after.value.includes('network-online.target'))
    )
      findings.push({
        severity: 'note',
        line,
        what: 'network.target says little at boot: the network may not be up when it starts',
        fix: 'Wants=network-online.target and After=network-online.target',
      })
    return findings
  })
}

function checkSandbox({ value, find, runs }: ServiceFacts): Finding[] {
  const findings: Finding[] = []
  const isNode = runs === 'node' || runs === 'capstan'
  if (isNode && isYes(value('MemoryDenyWriteExecute')))
    findings.push(
      find('error', 'MemoryDenyWriteExecute', {
        what: 'it kills Node, which compiles at run time',
        fix: 'take it away',
      }),
    )
  const families = value('RestrictAddressFamilies')
  if (isNode && families !== null && !/^~|AF_NETLINK/.test(families))
    findings.push(
      find('warning', 'RestrictAddressFamilies', {
        what: 'without AF_NETLINK os.networkInterfaces() of Node throws',
        fix: `RestrictAddressFamilies=${families} AF_NETLINK`,
      }),
    )
  const hides = ['ProtectProc', 'ProcSubset'].filter(
    (name) => !['default', 'all', null].includes(value(name)),
  )
  if (runs === 'capstan')
    for (const name of hides)
      findings.push(
        find('error', name, {
          what: `${name}= hides other workers of this host: they are taken for dead, and their jobs run twice`,
          fix: 'take it away',
        }),
      )
  return findings
}

function isYes(value: string | null): boolean {
  return value !== null && /^(1|yes|true|on)$/i.test(value)
}
