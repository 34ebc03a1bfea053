import { rightsOf, servicesOn } from '../../deploy/services/service.ts'
import { resolveStage } from '../../deploy/stage.ts'
import { CapstanError, messageOf, UsageError } from '../../kernel/errors.ts'
import { checkSudoers } from '../../systemd/check-sudoers.ts'
import type { Finding } from '../../systemd/finding.ts'
import { parseUnit } from '../../systemd/parse-unit.ts'
import { systemctl } from '../../systemd/systemctl.ts'
import { settingOf } from '../../systemd/unit.ts'
import type { Diagnosis, Examination, Patient } from './diagnosis.ts'
import { findingsOf } from './explain-command.ts'

const UNITS = '/etc/systemd/system'

/** Whether somebody has said which store: the default one would be made by looking for it. */
export async function namesStore({ session, environment }: Patient): Promise<boolean> {
  const { file } = await session.config()
  return file !== null || Boolean(environment.REDIS_URL || environment.REDIS_PROVIDER)
}

/** The store answers, and keeps what it is given. */
export const examineStore: Examination = async (patient) => {
  const subject = 'store'
  const { session } = patient
  try {
    if (!(await namesStore(patient)))
      return [
        {
          subject,
          state: 'note',
          what: 'not looked at: there is no capstan.config.ts here, and no REDIS_URL',
        },
      ]
    const health = await (await session.store('existing')).ping()
    const { kind, version, location, durability, warnings, faults = [] } = health
    // Of Redis the version tells whether it is a Valkey.
    const named = kind === 'redis' ? version : `${kind} ${version}`
    return [
      { subject, state: 'ok', what: `${named} at ${location}; jobs survive: ${durability}` },
      ...faults.map((fault): Diagnosis => ({ subject, state: 'error', ...withItsCure(fault) })),
      ...warnings.map((warning): Diagnosis => ({ subject, state: 'warning', ...withItsCure(warning) })),
    ]
  } catch (error) {
    if (isNoStoreYet(error)) return [{ subject, state: 'note', what: error.message }]
    return [
      {
        ...{ subject, state: 'error', what: messageOf(error) },
        fix: `${mayComeBack(error) ? 'start it' : 'mend that'}, or name the right one under "store" in capstan.config.ts or in REDIS_URL`,
      },
    ]
  }
}

/** Whether it may answer without a change of its set-up or of the configuration. */
function mayComeBack(error: unknown): boolean {
  return !(error instanceof CapstanError) || error.retryable
}

/** Whether it says that nothing has made the store so far, which is no fault. */
export function isNoStoreYet(error: unknown): error is UsageError {
  return error instanceof UsageError && error.code === 'store.missing'
}

/** A store ends each warning and each fault with its cure, in brackets or behind a colon. */
function withItsCure(warning: string): Pick<Diagnosis, 'what' | 'fix'> {
  const [, what, inBrackets, cure] = /^(.*?)(?: \((.+)\)|: ([^:()]+))$/.exec(warning) ?? []
  return what === undefined ? { what: warning } : { what, fix: inBrackets ?? cure ?? '' }
}

/** Units of workers that are installed here, ours and Sidekiq's. */
export const examineUnits: Examination = async (patient) => {
  const { manager, environment, list, read } = patient
  const folder = manager === 'system' ? UNITS : `${environment.HOME}/.config/systemd/user`
  const files = list(folder).filter((path) => path.endsWith('.service'))
  return files.flatMap((path) => {
    const text = read(path)
    if (
      text === null ||
      !/\b(capstan|sidekiq)/.test(settingOf(parseUnit(text).unit, 'Service', 'ExecStart') ?? '')
    )
      return []
    return unitDiagnoses(path, findingsOf(path, text, { manager, host: true }))
  })
}

function unitDiagnoses(path: string, findings: readonly Finding[]): Diagnosis[] {
  const bad = findings.filter(({ severity }) => severity !== 'note')
  if (bad.length === 0) return [{ subject: path, state: 'ok', what: 'nothing to mend' }]
  return bad.map(({ severity, line, what, fix }) => ({
    ...{ subject: line === null ? path : `${path}:${line}`, state: severity, what, fix },
  }))
}

/** Whether sudo allows what deploys of the configuration run, for the units of it that are installed here. */
export const examineRights: Examination = async ({ session, run, user, exists }) => {
  const { deploy } = (await session.config()).config
  if (deploy === undefined || user.uid === 0) return []
  const diagnoses: Diagnosis[] = []
  for (const name of Object.keys(deploy.stages)) {
    const stage = resolveStage(deploy, name)
    const rights = stage.hosts.flatMap((host) => servicesOn(stage, host)).flatMap(rightsOf)
    const here = rights.filter(
      ({ unit, manager }) =>
        manager === 'system' && exists(`${UNITS}/${unit.replace(/@.*(?=\.service$)/, '@')}`),
    )
    const commands = new Set(here.map(({ verb, unit }) => systemctl(verb, unit, 'system').slice(2).join(' ')))
    for (const command of commands) {
      const { code } = await run(['sudo', '-n', '-l', ...command.split(' ')])
      if (code !== 0)
        diagnoses.push({
          ...{
            subject: `sudo for ${name}`,
            state: 'warning',
            what: `not allowed without a password: ${command}`,
          },
          fix: `capstan sudoers ${name}`,
        })
    }
  }
  return diagnoses
}

/** What sudo lets this user do without a password: too much is as wrong as too little, but only the first is dangerous. */
export const examineSudo: Examination = async ({ run, user }) => {
  const subject = 'sudo'
  if (user.uid === 0) return []
  const { code, stdout } = await run(['sudo', '-n', '-l'])
  if (code === null) return [{ subject, state: 'note', what: 'sudo is not installed' }]
  const rules = stdout.split('\n').filter((line) => /^\s+\(.*\) /.test(line) && line.includes('NOPASSWD:'))
  const findings = checkSudoers(rules.map((rule) => `${user.name} ALL=${rule.trim()}`).join('\n'))
  if (findings.length === 0)
    return [
      {
        subject,
        state: 'ok',
        what: rules.length === 0 ? 'no rules without a password' : 'only exact commands',
      },
    ]
  return findings.map(({ severity, what, fix }) => ({ subject, state: severity, what, fix }))
}
