import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { hostImage } from './host-image.ts'

/** What hosts need here, as programs, and that bin/setup installs. */
const PROGRAMS = ['systemd-nspawn', 'debootstrap', 'ip', 'ssh', 'ssh-keygen']

/**
 * Why tests on real hosts are skipped here, or false, for `{ skip: WITHOUT_HOSTS }`. The import of this file builds the
 * image of the hosts when there is none yet, which would outlast the time limit of a test.
 */
export const WITHOUT_HOSTS: string | false = await reasonToSkip()

async function reasonToSkip(): Promise<string | false> {
  if (process.env.CAPSTAN_TEST_WITHOUT?.includes('hosts')) return 'left out by --without'
  if (process.platform !== 'linux') return 'hosts need Linux'
  if (process.getuid?.() !== 0) return 'hosts need root'
  const missing = PROGRAMS.filter((program) => !isOnPath(program))
  if (missing.length > 0)
    throw new Error(
      `missing for tests on real hosts: ${missing.join(', ')}; run bin/setup, or leave them out with --without hosts`,
    )
  await hostImage()
  return false
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
