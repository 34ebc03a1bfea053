import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { output } from './command.ts'
import { lockFile } from './file-lock.ts'

const SUITE = 'bookworm'

const PACKAGES = [
  ...['systemd-sysv', 'dbus', 'libpam-systemd', 'openssh-server', 'sudo', 'git', 'procps', 'iproute2'],
  'libstdc++6', // for Node
  'redis-server',
  'ruby-sidekiq',
]

/** What would run by itself: a test enables what it wants. */
const DISABLED = ['redis-server.service', 'e2scrub_reap.service']

/** What makes no sense in there, or would come up at its own time. */
const MASKED = [
  ...[
    'apt-daily.timer',
    'apt-daily-upgrade.timer',
    'dpkg-db-backup.timer',
    'e2scrub_all.timer',
    'fstrim.timer',
  ],
  ...['console-getty.service', 'getty.target', 'dev-hugepages.mount', 'sys-fs-fuse-connections.mount'],
  ...['systemd-update-utmp.service', 'systemd-update-utmp-runlevel.service'],
]

/** Machine ids and host keys are those of each host; the journal stays over reboots once its folder is there. */
const EMPTIED = [
  ...['var/cache/apt/archives/*.deb', 'var/lib/apt/lists/*', 'var/lib/dbus/machine-id', 'var/log/journal/*'],
  'etc/ssh/ssh_host_*',
]

/** The first process of a host whose systemd is to limit anything on v1: nspawn mounts those trees read-only. */
export const LIMITS_INIT = '/sbin/limits-init'

const FILES: Readonly<Record<string, string>> = {
  '/etc/default/locale': 'LANG=C.UTF-8\n',
  '/etc/ssh/sshd_config.d/hosts.conf': 'UseDNS no\nMaxStartups 100\nMaxSessions 100\n',
  [LIMITS_INIT]: `#!/bin/sh
for tree in memory pids cpu cpuacct; do mount -o remount,rw,bind /sys/fs/cgroup/$tree; done
exec /lib/systemd/systemd
`,
}

const CONTENTS = JSON.stringify([SUITE, PACKAGES, DISABLED, MASKED, EMPTIED, FILES])

/** The folder with the disk that all hosts start from; built at first, which takes a minute or three. */
export async function hostImage(): Promise<string> {
  const cache = process.env.CAPSTAN_HOSTS_CACHE || '/var/cache/capstan-hosts'
  const image = join(cache, `${SUITE}-${createHash('sha256').update(CONTENTS).digest('hex').slice(0, 12)}`)
  if (existsSync(image)) return image
  mkdirSync(cache, { recursive: true })
  await using _ = await lockFile(cache)
  if (!existsSync(image)) await build(image)
  return image
}

async function build(image: string): Promise<void> {
  const half = `${image}.half`
  console.error(`hosts: building their image in ${image}, once; this takes a minute or three`)
  rmSync(half, { recursive: true, force: true })
  const what = ['--variant=minbase', `--include=${PACKAGES.join(',')}`, SUITE, half, mirror()]
  // What it mounts in there must be gone even if it is killed, before anybody removes the folder.
  await output('unshare', '--mount', '--propagation', 'private', 'debootstrap', ...what)
  for (const path of globSync(EMPTIED, { cwd: half })) rmSync(join(half, path), { recursive: true })
  mkdirSync(join(half, 'var/log/journal'), { recursive: true })
  await output('systemctl', `--root=${half}`, '--quiet', 'disable', ...DISABLED)
  for (const unit of MASKED) symlinkSync('/dev/null', join(half, 'etc/systemd/system', unit))
  for (const [path, text] of Object.entries(FILES)) writeFileSync(join(half, path), text)
  chmodSync(join(half, LIMITS_INIT), 0o755)
  renameSync(half, image)
}

/** The one that this machine's apt uses for the suite. */
function mirror(): string {
  const sources = globSync(['/etc/apt/sources.list', '/etc/apt/sources.list.d/*.{list,sources}'])
  const texts = sources.map((file) => readFileSync(file, 'utf8').replace(/^#.*\n/gm, ''))
  // An entry of the newer form is a paragraph, one of the older form a line.
  const entries = texts.flatMap((text) => (/^URIs:/m.test(text) ? text.split(/\n\s*\n/) : text.split('\n')))
  const ours = entries.find((entry) => new RegExp(`^(deb |Suites:).*\\b${SUITE}( |$)`, 'm').test(entry))
  // Another suite's mirror has this one, too.
  const url = [ours, ...entries].map((entry) => entry?.match(/https?:\S+/)?.[0]).find(Boolean)
  if (url === undefined) throw new Error(`the image of the hosts needs a mirror of ${SUITE}: apt has none`)
  return url
}
