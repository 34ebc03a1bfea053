import type { DirectiveFacts } from './directive.ts'

// Needs mounts or capabilities, which a user's manager does not have.
const system = { managers: ['system'] } as const

/** `[Service]`: what its processes may not do. */
export const SANDBOX_DIRECTIVES: Readonly<Record<string, DirectiveFacts>> = {
  NoNewPrivileges: {
    meaning: 'No program that it starts can gain rights: sudo and other setuid programs do not work.',
    why: 'A worker never needs more rights than it began with.',
  },
  PrivateTmp: {
    meaning: 'Has a /tmp of its own, emptied when it stops.',
    why: 'Others can neither read nor plant files there.',
    ...system,
  },
  PrivateDevices: {
    meaning: 'Sees only null, zero, random and the like in /dev.',
    why: 'No disks.',
    ...system,
  },
  PrivateNetwork: { meaning: 'Has no network.', ...system },
  PrivateUsers: { meaning: 'Sees all other users as nobody.', since: 232, ...system },
  PrivateMounts: { meaning: 'Its mounts are seen by nobody else.', since: 239, ...system },
  PrivateIPC: { meaning: 'Has shared memory and semaphores of its own.', since: 248, ...system },
  PrivatePIDs: { meaning: 'Sees only its own processes.', since: 257, ...system },
  ProtectSystem: {
    meaning: 'yes: /usr and /boot are read-only; full: /etc, too; strict: everything.',
    why: 'It writes only where ReadWritePaths= says.',
    values: { strict: 232 },
    ...system,
  },
  ProtectHome: {
    meaning: 'Home directories are hidden (yes), read-only or replaced by empty ones (tmpfs).',
    why: 'No keys or profiles of people.',
    values: { tmpfs: 238 },
    ...system,
  },
  ReadWritePaths: {
    meaning:
      'May be written in spite of ProtectSystem=; a missing path fails the start unless `-` stands before it.',
    why: 'The shared directory: files that outlive a release, such as an SQLite store.',
    since: 231,
    formerly: { section: 'Service', name: 'ReadWriteDirectories' },
    ...system,
  },
  ReadWriteDirectories: { meaning: 'The old name of ReadWritePaths=.', ...system },
  ReadOnlyPaths: { meaning: 'May only be read.', since: 231, ...system },
  InaccessiblePaths: { meaning: 'Cannot be seen.', since: 231, ...system },
  ExecPaths: {
    meaning: 'Programs may be started from here in spite of NoExecPaths=.',
    since: 248,
    ...system,
  },
  NoExecPaths: { meaning: 'No program may be started from here.', since: 248, ...system },
  BindPaths: { meaning: 'Shows a path at another place.', since: 233, ...system },
  BindReadOnlyPaths: { meaning: 'Shows a path at another place, read-only.', since: 233, ...system },
  TemporaryFileSystem: { meaning: 'Mounts an empty file system there.', since: 238, ...system },
  ProtectKernelTunables: {
    meaning: '/proc/sys and /sys are read-only.',
    why: 'No settings of the kernel.',
    since: 232,
    ...system,
  },
  ProtectKernelModules: {
    meaning: 'Cannot load kernel modules.',
    why: 'It has no use for them.',
    since: 232,
    ...system,
  },
  ProtectKernelLogs: {
    meaning: 'Cannot read the kernel log.',
    why: 'It names addresses.',
    since: 244,
    ...system,
  },
  ProtectControlGroups: {
    meaning: 'Control groups are read-only.',
    why: 'Its limits are not its own to change.',
    since: 232,
    ...system,
  },
  ProtectClock: {
    meaning: 'Cannot set the clock.',
    why: 'Every schedule depends on it.',
    since: 245,
    ...system,
  },
  ProtectHostname: {
    meaning: 'Cannot change the host name.',
    why: 'Workers are known by it.',
    since: 242,
    ...system,
  },
  ProtectProc: {
    meaning: 'Hides processes of other users in /proc. Workers look there for neighbours: not for Capstan.',
    since: 247,
    ...system,
  },
  ProcSubset: {
    meaning: 'pid: hides all of /proc but processes. Workers read the boot id there: not for Capstan.',
    since: 247,
    ...system,
  },
  RestrictAddressFamilies: {
    meaning: 'The kinds of sockets it may open.',
    why: 'Unix, IPv4 and IPv6, and AF_NETLINK, by which Node lists network interfaces.',
  },
  RestrictNamespaces: {
    meaning: 'Cannot make namespaces.',
    why: 'A way into the kernel that jobs have no use for.',
    since: 233,
  },
  RestrictRealtime: {
    meaning: 'Cannot ask for real-time scheduling.',
    why: 'It could starve the machine.',
    since: 231,
  },
  RestrictSUIDSGID: {
    meaning: 'Cannot make setuid files.',
    why: 'A way to leave rights behind.',
    since: 242,
  },
  RestrictFileSystems: { meaning: 'The kinds of file systems it may use.', since: 250, ...system },
  LockPersonality: {
    meaning: 'Cannot change how the kernel shows itself to it.',
    why: 'Only old tricks need it.',
    since: 235,
  },
  Personality: { meaning: 'How the kernel shows itself to it.' },
  MemoryDenyWriteExecute: {
    meaning: 'Memory cannot be made executable. Kills Node and every other just-in-time compiler.',
    since: 231,
  },
  RemoveIPC: {
    meaning: 'Shared memory of its user is removed when it stops.',
    why: 'Nothing stays behind.',
    since: 232,
    ...system,
  },
  CapabilityBoundingSet: {
    meaning: 'Which powers of root it can ever have; empty: none.',
    why: 'It needs none.',
    ...system,
  },
  AmbientCapabilities: {
    meaning: 'Powers of root that it is given.',
    why: 'It needs none.',
    since: 229,
    ...system,
  },
  SystemCallArchitectures: {
    meaning: 'The machine languages it may use the kernel from.',
    why: 'Only its own.',
  },
  SystemCallFilter: {
    meaning: 'The calls to the kernel that it may make.',
    why: 'What services use, less what needs rights; the pkey calls are for the V8 of Node 20.',
    values: { '~@privileged': 231, '@system-service': 239 },
  },
  SystemCallErrorNumber: {
    meaning: 'What a forbidden call answers, instead of killing the process.',
    why: 'A library that tries gets an error it can handle.',
  },
  SystemCallLog: { meaning: 'Calls that are logged.', since: 247 },
  KeyringMode: { meaning: 'Which kernel keyring it sees.', why: 'One of its own.', since: 235, ...system },
  SecureBits: { meaning: 'How the kernel treats root.', ...system },
  IPAddressDeny: { meaning: 'Addresses it may not talk to.', since: 235, ...system },
  IPAddressAllow: { meaning: 'Addresses it may talk to in spite of IPAddressDeny=.', since: 235, ...system },
  IPAccounting: { meaning: 'Whether its traffic is counted.', since: 235, ...system },
  DevicePolicy: { meaning: 'Which devices it may use at all.', ...system },
  DeviceAllow: { meaning: 'Devices it may use.', ...system },
}
