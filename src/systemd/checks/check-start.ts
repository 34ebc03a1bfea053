import type { Finding } from '../finding.ts'
import { listOf } from '../unit.ts'
import { splitWords } from '../unit-words.ts'
import type { ServiceFacts } from './service-facts.ts'

/** How it starts, and whether systemd can know that it did. */
export function checkStart(service: ServiceFacts): Finding[] {
  if (service.commandLine === '') {
    const fix = 'ExecStart=/usr/bin/node …/node_modules/capstan/bin/capstan.cjs work'
    return [service.find('error', null, { what: 'there is no ExecStart=: nothing would run', fix })]
  }
  return [...checkCommand(service), ...checkShell(service), ...checkDaemon(service), ...checkType(service)]
}

function checkCommand({ command, commandLine, find, unit }: ServiceFacts): Finding[] {
  const error = (what: string, fix: string) => [find('error', 'ExecStart', { what, fix })]
  if (splitWords(commandLine) === null)
    return error('a quote in ExecStart= is not closed', 'close it, or write \\" for one that is meant')
  const [program = ''] = command
  if (listOf(unit, 'Service', 'ExecStart').length > 1)
    return error('a service has one ExecStart=; several are for Type=oneshot', 'keep one of them')
  if (/^[~$]|%h/.test(program) && program.startsWith('%h') === false)
    return error(`"${program}": systemd knows no ~ and no variable there`, 'write the whole path')
  if (!program.startsWith('/') && !program.startsWith('%'))
    return error(
      `"${program}" has no absolute path: old systemd refuses it, newer ones search a path of their own`,
      `write the path that \`command -v ${program.split('/').at(-1)}\` says`,
    )
  const syntax = command.find((word) => /^(&&|\|\||[|>&]|>>|2>&1|<)$/.test(word))
  if (syntax === undefined) return []
  return error(
    `"${syntax}" is for a shell, and there is none: it becomes an argument`,
    'use several directives (ExecStartPre=, StandardOutput=), or one script',
  )
}

const SHELL = /(^|\/)(ba|da|z|k)?sh$/

function checkShell({ command, commandLine, value, find }: ServiceFacts): Finding[] {
  const findings: Finding[] = []
  const [program = '', flags = ''] = command
  const script = command.at(-1) ?? ''
  if (SHELL.test(program) && /^-\w*l|^--login/.test(flags))
    findings.push(
      find('warning', 'ExecStart', {
        what: "a login shell: somebody's profile decides what runs, at every start anew",
        fix: 'name the program by its absolute path, and its variables in Environment= or EnvironmentFile=',
      }),
    )
  if (
    SHELL.test(program) &&
    value('Type') === 'notify' &&
    value('NotifyAccess') !== 'all' &&
    !/\bexec\b/.test(script)
  )
    findings.push(
      find('error', 'ExecStart', {
        what: 'the shell stays the main process: systemd does not believe what its child says, and the start times out',
        fix: 'put exec before the command, or leave the shell out',
      }),
    )
  if (/\/\.?(rbenv|rvm|nvm|asdf|volta|fnm|mise)\//.test(commandLine))
    findings.push(
      find('note', 'ExecStart', {
        what: 'the program belongs to a version manager: it changes or vanishes with an upgrade there',
        fix: 'deploy the runtime with the release, or name one installed for the machine',
      }),
    )
  return findings
}

function checkDaemon({ command, commandLine, runs, value, find }: ServiceFacts): Finding[] {
  const findings: Finding[] = []
  const words = [...command, ...(splitWords(command.at(-1) ?? '') ?? [])]
  const old = words.find((word) => /^(-d|--daemon|-L|--logfile|-P|--pidfile)$/.test(word))
  if (runs === 'sidekiq' && old !== undefined)
    findings.push(
      find('error', 'ExecStart', {
        what: `Sidekiq 6 has no ${old} any more: it does not daemonize, and logs to its standard output`,
        fix: `take ${old} away; the journal keeps the log`,
      }),
    )
  if (value('Type') === 'forking' || value('PIDFile') !== null)
    findings.push(
      find('warning', value('PIDFile') === null ? 'Type' : 'PIDFile', {
        what: 'Type=forking and PIDFile= are for programs that daemonize; a stale file makes systemd watch a stranger',
        fix: 'run the program in the foreground with Type=notify, and take PIDFile= away',
      }),
    )
  if (/\bnohup\b|&["']?\s*$/.test(commandLine))
    findings.push(
      find('error', 'ExecStart', {
        what: 'the program puts itself into the background: systemd believes that it has ended',
        fix: 'take nohup and & away; systemd keeps it running',
      }),
    )
  return findings
}

function checkType({ value, find, runs }: ServiceFacts): Finding[] {
  const type = value('Type') ?? 'simple'
  if (type === 'simple' || type === 'exec') {
    const speaks = runs === 'capstan' || runs === 'sidekiq'
    const fix = speaks
      ? 'Type=notify: it says when it is up'
      : 'Type=notify if it can say so; else look at it after each start'
    const seen =
      type === 'simple' ? 'before the program has even been found' : 'as soon as the program has begun'
    return [
      find('warning', 'Type', {
        what: `Type=${type}: \`systemctl start\` succeeds ${seen}, whether it works or not`,
        fix,
      }),
    ]
  }
  if (/^(notify|notify-reload|forking|oneshot|dbus|idle)$/.test(type)) return []
  return [find('error', 'Type', { what: `Type=${type} is none that systemd knows`, fix: 'Type=notify' })]
}
