import { type Ended, ended } from './command.ts'

/** An array of words is run as it is; a string is a script for `sh -c`. */
export type Command = string | readonly string[]

export interface RunOptions {
  /** Default: root. */
  readonly user?: string
  /** What the command reads. Default: nothing. */
  readonly input?: string
  /** On top of PATH, HOME, USER and LANG; nothing of this process's own environment gets in. */
  readonly env?: Readonly<Record<string, string>>
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Runs a command in the host whose first process has this pid here, outside of the host's cgroups. */
export function runInside(leader: number, command: Command, options: RunOptions = {}): Promise<Ended> {
  const { user = 'root', input, env = {} } = options
  const words = typeof command === 'string' ? ['sh', '-c', command] : command
  const enter = [
    'nsenter',
    `--target=${leader}`,
    '--mount',
    '--uts',
    '--ipc',
    '--net',
    '--pid',
    '--cgroup',
    '--',
  ]
  const become = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--reset-env', '--']
  const surround = [
    'env',
    `PATH=${PATH}`,
    'LANG=C.UTF-8',
    ...Object.entries(env).map((pair) => pair.join('=')),
  ]
  return ended([...enter, ...become, ...surround, ...words], { input, env: { PATH, TERM: 'dumb' } })
}
