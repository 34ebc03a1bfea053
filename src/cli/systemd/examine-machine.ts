import { libsystemd } from '../../systemd/libsystemd.ts'
import type { Diagnosis, Examination, Patient } from './diagnosis.ts'

/** A worker has a socket to its store and what its jobs open; this many is what servers usually allow. */
const ENOUGH_FILES = 4_096

/** systemd itself: is it there, does it run well, which version. */
export const examineSystemd: Examination = async ({ run, exists }) => {
  const subject = 'systemd'
  const { code, stdout } = await run(['systemctl', '--version'])
  const version = /^systemd (\d+)/.exec(stdout)?.[1]
  if (code !== 0 || version === undefined || !exists('/run/systemd/system'))
    return [
      {
        ...{ subject, state: 'warning' },
        what: 'systemd does not run this machine: no unit can be started here',
        fix: 'run workers under another supervisor, or look at a machine with systemd',
      },
    ]
  const { stdout: answer } = await run(['systemctl', 'is-system-running'])
  const state = answer.trim()
  if (state === 'running') return [{ subject, state: 'ok', what: `version ${version}, running` }]
  const failed = await run(['systemctl', 'list-units', '--failed', '--plain', '--no-legend', '--no-pager'])
  const units = failed.stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/)[0])
    .filter(Boolean)
  return [
    {
      ...{
        subject,
        state: 'warning',
        what: `version ${version}, ${state}${units.length > 0 ? `; failed: ${units.join(', ')}` : ''}`,
      },
      fix: 'systemctl list-units --failed; then systemctl status UNIT',
    },
  ]
}

/** Schedules, leases and releases depend on the time. */
export const examineClock: Examination = async ({ run }) => {
  const subject = 'clock'
  const { code, stdout } = await run(['timedatectl', 'show', '--property=NTPSynchronized', '--value'])
  if (code !== 0)
    return [{ subject, state: 'note', what: 'timedatectl does not say whether it is synchronised' }]
  if (stdout.trim() === 'yes') return [{ subject, state: 'ok', what: 'synchronised' }]
  return [
    {
      ...{
        subject,
        state: 'warning',
        what: 'not synchronised: jobs run at the wrong time, and leases of other hosts look over',
      },
      fix: 'timedatectl set-ntp true, or install chrony',
    },
  ]
}

export const examineNode: Examination = async ({ exists }) => {
  const { execPath, version } = process
  const subject = 'node'
  const manager = /\/\.?(nvm|fnm|mise|asdf|volta)\//.exec(execPath)?.[1]
  if (manager !== undefined)
    return [
      {
        ...{
          subject,
          state: 'note',
          what: `${version} at ${execPath}, which belongs to ${manager}: an upgrade there moves it`,
        },
        fix: 'name it in the unit by this path, or bring a Node with the release (node: "release")',
      },
    ]
  const what = `${version} at ${execPath}`
  if (exists(execPath)) return [{ subject, state: 'ok', what }]
  const fix =
    'its file was replaced or removed: name the Node that is there in the units, and restart the workers'
  return [{ subject, state: 'error', what, fix }]
}

export const examineLimits: Examination = async ({ read }) => {
  const subject = 'open files'
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(read('/proc/self/limits') ?? '')?.[1]
  if (hard === undefined) return []
  // Node raises the soft limit to the hard one by itself.
  if (hard === 'unlimited' || Number(hard) >= ENOUGH_FILES)
    return [{ subject, state: 'ok', what: `up to ${hard}` }]
  return [
    {
      subject,
      state: 'warning',
      what: `only ${hard} may be open`,
      fix: `LimitNOFILE=${ENOUGH_FILES} in the unit`,
    },
  ]
}

/** Without it systemd hears of a worker by a helper program, or not at all. */
export const examineLibsystemd: Examination = async ({ exists }) => {
  const subject = 'libsystemd'
  if (libsystemd() !== null) return [{ subject, state: 'ok', what: 'reached through koffi' }]
  const helper = exists('/usr/bin/systemd-notify')
    ? 'systemd-notify is used in its place, which needs NotifyAccess=all in the unit'
    : 'systemd will not hear from workers'
  return [
    {
      subject,
      state: 'warning',
      what: `not reached: ${helper}`,
      fix: 'npm install koffi (npm ci --omit=optional leaves it out), and the package libsystemd0; until then our units do not become ready',
    },
  ]
}

export const examineJournal: Examination = async ({ exists }) => {
  const subject = 'journal'
  if (exists('/var/log/journal')) return [{ subject, state: 'ok', what: 'kept on disk' }]
  if (!exists('/run/log/journal')) return []
  return [
    {
      subject,
      state: 'note',
      what: 'kept in memory: gone after a reboot',
      fix: 'mkdir /var/log/journal && systemctl restart systemd-journald',
    },
  ]
}

/** A user's own manager lives only as long as a login, unless told otherwise. */
export const examineUserManager: Examination = async (patient) =>
  patient.manager === 'user' ? [await linger(patient), ...runtimeDirectory(patient)] : []

async function linger({ run, user }: Patient): Promise<Diagnosis> {
  const subject = 'linger'
  const { stdout } = await run(['loginctl', 'show-user', user.name, '--property=Linger', '--value'])
  if (stdout.trim() === 'yes') return { subject, state: 'ok', what: `on for ${user.name}` }
  return {
    ...{
      subject,
      state: 'error',
      what: `off for ${user.name}: the services end with the last login, and none starts at boot`,
    },
    fix: `loginctl enable-linger ${user.name}`,
  }
}

function runtimeDirectory({ environment, user, exists }: Patient): Diagnosis[] {
  const subject = 'XDG_RUNTIME_DIR'
  const directory = environment.XDG_RUNTIME_DIR
  const own = `/run/user/${user.uid}`
  // The manager's own socket: a bus besides it is a package of its own, and not needed.
  const isManaged = (path: string) => exists(`${path}/systemd/private`)
  if (directory !== undefined && isManaged(directory)) return [{ subject, state: 'ok', what: directory }]
  const what = directory === undefined ? 'not set' : `${directory} has no manager`
  return [
    {
      ...{
        subject,
        state: 'error',
        what: `${what}: systemctl --user fails with "Failed to connect to bus: No medium found"`,
      },
      fix: isManaged(own)
        ? `export XDG_RUNTIME_DIR=${own}`
        : `loginctl enable-linger ${user.name}, then export XDG_RUNTIME_DIR=${own}`,
    },
  ]
}
