import { command, inOrder, type Script } from '../remote/script.ts'
import type { RemoteShell } from '../remote/transport.ts'
import { renderUnit } from '../systemd/render-unit.ts'
import { sudoersFile, sudoersPath } from '../systemd/sudoers.ts'
import { workerUnit, workerUnitName } from '../systemd/worker-unit.ts'
import { DeployError } from './deploy-error.ts'
import { ENVIRONMENT_FILE } from './layout.ts'
import { isEnough, MINIMUM_NODE } from './node-version.ts'
import { findNode, foundNodes } from './on-host/find-node.ts'
import { Reply, SAY } from './on-host/reply.ts'
import { VERBS } from './services/service.ts'
import type { Stage, StageHost, StageService, StageWorkerService } from './stage.ts'

/** A file of the system that a stage needs on one host. */
export interface SystemFile {
  readonly path: string
  readonly text: string
  readonly mode: string
  /** What was left out for this host, and why. */
  readonly notes: readonly string[]
}

/** What an administrator's shell says about a host before it is set up. */
export interface SetupFacts {
  readonly systemd: number
  /** `1.9.13` as 1 and 9 and 13; what is not there is `null`. */
  readonly sudo: readonly number[] | null
  /** '' where none was found, and none of the host's services needs it. */
  readonly node: string
}

/**
 * Asks as the user that deploys: it is their Node that the units of workers run. Other services bring what they need.
 * @throws DeployError `deploy.preflight` when there is none that is new enough; its caller names the host
 */
export async function setupFacts(
  stage: Stage,
  host: StageHost,
  shell: Pick<RemoteShell, 'run'>,
): Promise<SetupFacts> {
  const asked = stage.node.startsWith('/') ? stage.node : ''
  const { stdout } = await shell.run(inOrder('look at the host', [findNode(asked), VERSIONS]))
  const reply = new Reply(stdout)
  const nodes = foundNodes(reply)
  const node = nodes.find(({ version }) => isEnough(version))
  const runsNode = stage.node !== 'release' && servicesFor(stage, host).some(({ type }) => type === 'worker')
  if (node === undefined && runsNode) {
    const found = nodes.map(({ version, path }) => `${version} at ${path}`).join(', ') || 'none'
    throw new DeployError(
      'deploy.preflight',
      `no Node ${MINIMUM_NODE.join('.')} or newer was found (found: ${found}); install one, or say node: 'release'`,
    )
  }
  const sudo = /\d+(\.\d+)+/.exec(reply.one('sudo') ?? '')
  return {
    systemd: Number(reply.one('systemd') ?? 0),
    sudo: sudo === null ? null : sudo[0].split('.').map(Number),
    node: node?.path ?? '',
  }
}

const VERSIONS: Script = {
  name: 'ask for versions',
  body: `${SAY}
if command -v systemctl >/dev/null; then say systemd "$(systemctl --version | awk 'NR == 1 { print $2 }')"; fi
if command -v sudo >/dev/null; then say sudo "$(sudo --version | head -n 1)"; fi`,
  reads: true,
}

/** The unit files of a stage's workers, and the sudoers file for the user that deploys, as they belong on a host. */
export function systemFiles(
  stage: Stage,
  { host, user, facts }: { readonly host: StageHost; readonly user: string; readonly facts: SetupFacts },
): SystemFile[] {
  const mine = servicesFor(stage, host)
  const workers = mine.filter((service) => service.type === 'worker')
  const rights = mine
    .filter(({ manager }) => manager === 'system')
    .map((service) => ({
      unit: service.type === 'worker' ? `${stage.application}-${service.name}@.service` : service.unit,
      verbs: VERBS[service.type],
    }))
  const units = workers.map((service) => unitFile(stage, service, { user, facts }))
  if (rights.length === 0) return units
  const text = sudoersFile({ application: stage.application, user, rights })
  return [...units, { path: sudoersPath(stage.application), text, mode: '0440', notes: [] }]
}

function servicesFor(stage: Stage, host: StageHost): StageService[] {
  return stage.services.filter(({ hosts }) => hosts.some(({ name }) => name === host.name))
}

function unitFile(
  stage: Stage,
  service: StageWorkerService,
  { user, facts }: { readonly user: string; readonly facts: SetupFacts },
): SystemFile {
  const options = {
    application: stage.application,
    service: service.name,
    deployTo: stage.deployTo,
    user: service.user ?? user,
    allowRoot: service.user === 'root',
    manager: service.manager,
    node: stage.node === 'release' ? stage.node : facts.node,
    shape: 'template' as const,
    // Said here, since the unit's own time to stop was made for it.
    options: ['--timeout', `${service.timeoutMs}ms`, ...service.options],
    timeoutMs: service.timeoutMs,
    // Variables of a unit can be read by every user of the host; those of a file cannot.
    ownEnvironmentFile: ENVIRONMENT_FILE,
    environmentFiles: service.environmentFiles,
    credentials: service.credentials,
    hardening: service.hardening,
    ...(service.memoryMax === null ? {} : { memoryMax: service.memoryMax }),
  }
  const { text, notes } = renderUnit(workerUnit(options), {
    systemdVersion: facts.systemd,
    manager: service.manager,
  })
  const folder = service.manager === 'system' ? '/etc/systemd/system' : '.config/systemd/user'
  return { path: `${folder}/${workerUnitName(options)}`, text, mode: '0644', notes }
}

/**
 * Installs files of the system, as root: from a private folder, checked first, owned by root whatever the way there.
 * Run again, it changes only what differs. Says `installed` with each path that it changed.
 */
export function installFiles(files: readonly SystemFile[]): Script {
  return inOrder('install the units and rules', [
    ...files.map(({ path, text, mode }) => ({
      name: path,
      body: `${SAY}${INSTALL}`,
      args: [path, text, mode],
    })),
    command(['systemctl', 'daemon-reload']),
  ])
}

const INSTALL = `
path=$1 mode=$3
if [ -f "$path" ] && [ "$(cat "$path"; echo .)" = "$2." ] && [ "$(stat -c %u:%g:%a "$path")" = "0:0:\${mode#0}" ]; then exit 0; fi
private=$(mktemp -d)
trap 'rm -rf -- "$private"' EXIT
new=$private/$(basename -- "$path")
printf %s "$2" >"$new"
case $path in
  /etc/sudoers.d/*) visudo -cqf "$new" ;;
  *) systemd-analyze verify "$new" >&2 || say doubted "$path" ;;
esac
install -D -o root -g root -m "$mode" -- "$new" "$path"
case $path in /etc/sudoers.d/*) visudo -cq || { rm -f -- "$path"; exit 1; } ;; esac
say installed "$path"
`

/**
 * Installs units of a user's own manager, as that user, and lets the manager live without a login. Says `installed`
 * with each path that it changed; `no-linger` when only root can grant the last.
 */
export function installUserFiles(files: readonly SystemFile[]): Script {
  return {
    name: 'install the units of the user',
    body: USER_INSTALL,
    args: files.flatMap(({ path, text }) => [path, text]),
  }
}

const USER_INSTALL = `${SAY}
home=$(getent passwd "$(id -un)" | cut -d: -f6)
while [ $# -gt 0 ]; do
  path=$home/$1
  if [ ! -f "$path" ] || [ "$(cat "$path"; echo .)" != "$2." ]; then
    mkdir -p -- "$(dirname -- "$path")"
    printf %s "$2" >"$path.new"
    mv -T -- "$path.new" "$path"
    say installed "$path"
  fi
  shift 2
done
user=$(id -un)
[ -e "/var/lib/systemd/linger/$user" ] || loginctl enable-linger "$user" || { say no-linger "$user"; exit 0; }
export XDG_RUNTIME_DIR="/run/user/$(id -u)"
tries=50
while [ ! -S "$XDG_RUNTIME_DIR/systemd/private" ] && [ $tries -gt 0 ]; do sleep 0.2; tries=$((tries - 1)); done
systemctl --user daemon-reload
`

/** Lets the user's own manager run from boot on, without a login, as root. */
export function letLinger(user: string): Script {
  return command(['loginctl', 'enable-linger', user])
}

/** Makes the folder of the application for the user that deploys, as root. */
export function makeRoot(deployTo: string, user: string): Script {
  return {
    name: 'make the folder of the application',
    body: `group=$(id -gn -- "$2"); if [ ! -d "$1" ]; then mkdir -p -- "$1"; chown "$2:$group" "$1"; fi`,
    args: [deployTo, user],
  }
}
