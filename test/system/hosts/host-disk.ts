import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Slot } from './slot.ts'
import { makeKey, makeSshAccess, type SshAccess } from './ssh-access.ts'

/** Makes `upper` (what makes a new host itself, above the image), `work` and `root` in the slot's folder, and keys to come in. */
export async function prepareDisk({ folder, address }: Slot, hostName: string): Promise<SshAccess> {
  const at = (...path: string[]) => join(folder, ...path)
  for (const path of ['work', 'root', 'upper/etc/ssh', 'upper/root/.ssh'])
    mkdirSync(at(path), { recursive: true })
  for (const path of ['upper/root', 'upper/root/.ssh']) chmodSync(at(path), 0o700)
  writeFileSync(at('upper/etc/hostname'), `${hostName}\n`)
  writeFileSync(at('upper/etc/machine-id'), `${randomUUID().replaceAll('-', '')}\n`)
  // sudo complains about a name that it cannot resolve.
  writeFileSync(at('upper/etc/hosts'), `127.0.0.1 localhost\n127.0.1.1 ${hostName}\n`)
  const hostKey = await makeKey(at('upper/etc/ssh/ssh_host_ed25519_key'), hostName)
  const ssh = await makeSshAccess(at('ssh'), { hostName, address, hostKey })
  writeFileSync(at('upper/root/.ssh/authorized_keys'), `${ssh.publicKey}\n`)
  return ssh
}
