import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf } from '../../kernel/errors.ts'
import type { StoreHealth } from '../inspection.ts'
import { freeBytes, RESERVE_BYTES } from './disk-space.ts'
import type { SqliteDurability, SqliteSettings } from './options.ts'

const DURABILITY: Readonly<Record<SqliteDurability, string>> = {
  'power-loss': 'a crash of any process and a power cut: every commit waits for the disk',
  'process-crash':
    'a crash of any process; a power cut may take the jobs accepted in the last seconds before it',
}

/** Warned of before pushes are refused. */
const LOW_SPACE_BYTES = 4 * RESERVE_BYTES

const OTHERS_MAY_READ = 0o077

/** Filesystem types by their magic number (statfs(2)) on which SQLite's locks or its shared memory cannot be relied on. */
const NETWORK_FILESYSTEMS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB2',
  16914839: '9P',
  1397113167: 'AFS',
  12805120: 'Ceph',
  1702057286: 'FUSE',
}

const MEMORY_FILESYSTEMS: Readonly<Record<number, string>> = { 16914836: 'tmpfs', 2240043254: 'ramfs' }

/** What identifies the file that a connection has open. */
export type FileIdentity = string

/** Device and inode of a file; it changes when the file is replaced under the same name. */
export function fileIdentity(path: string): FileIdentity {
  const { dev, ino } = statSync(path)
  return `${dev}:${ino}`
}

/** What to tell an operator about this store. `opened` is the file as it was when it was opened. */
export function healthOf(settings: SqliteSettings, version: string, opened: FileIdentity): StoreHealth {
  return {
    kind: 'sqlite',
    version,
    location: settings.path,
    durability: DURABILITY[settings.durability],
    ...remarksOn(settings.path, opened),
  }
}

function remarksOn(path: string, opened: FileIdentity): Pick<StoreHealth, 'warnings' | 'faults'> {
  try {
    const found = [replaced(path, opened), readable(path), filesystem(path)].filter((it) => it !== null)
    const { warnings, faults } = remarksOnSpace(path, freeBytes(dirname(path)))
    return { warnings: [...found, ...warnings], faults }
  } catch (error) {
    const warning = `${path} cannot be examined (${messageOf(error)}): restart every process that uses it`
    return { warnings: [warning] }
  }
}

function replaced(path: string, opened: FileIdentity): string | null {
  if (fileIdentity(path) === opened) return null
  return `${path} was replaced while this process had it open: restart every process that uses it`
}

function readable(path: string): string | null {
  if ((statSync(path).mode & OTHERS_MAY_READ) === 0) return null
  return `${path} can be read by other users, and payloads with it: chmod 600`
}

function filesystem(path: string): string | null {
  // Read as unsigned: some types have the highest of 32 bits set.
  const type = statfsSync(dirname(path)).type >>> 0
  const network = NETWORK_FILESYSTEMS[type]
  if (network !== undefined)
    return `${path} is on ${network}, where locks may fail: use a local disk, or Redis`
  const memory = MEMORY_FILESYSTEMS[type]
  return memory === undefined ? null : `${path} is on ${memory} and gone after a reboot: use a disk`
}

/** What the room on its disk means for a file; nothing where there is enough, or the filesystem does not say. */
export function remarksOnSpace(
  path: string,
  freeBytes: number | null,
): Required<Pick<StoreHealth, 'warnings' | 'faults'>> {
  if (freeBytes === null || freeBytes >= LOW_SPACE_BYTES) return { warnings: [], faults: [] }
  const free = `only ${freeBytes} bytes are free for ${path}`
  const kept = `${RESERVE_BYTES} are kept for running what is stored`
  if (freeBytes < RESERVE_BYTES)
    return { warnings: [], faults: [`no new job is accepted: ${free}, and ${kept} (free some disk space)`] }
  const low = `${free}; below ${RESERVE_BYTES} no new job is accepted (free some disk space)`
  return { warnings: [low], faults: [] }
}
