import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { output } from './command.ts'

/** Everything that an ssh client needs to come in; the port is 22. The files go with the host. */
export interface SshAccess {
  /** A private key without a passphrase; root's authorized_keys has it. */
  readonly keyFile: string
  /** A line of authorized_keys. */
  readonly publicKey: string
  /** Holds the key of the host itself under its name and under its address. */
  readonly knownHostsFile: string
  /** `ssh -F configFile NAME` comes in as root, `ssh -F configFile deploy@NAME` as a user. */
  readonly configFile: string
  /** What stands in `configFile`: those of several hosts may be put into one file. */
  readonly config: string
}

interface Door {
  readonly hostName: string
  readonly address: string
  /** A line as in the file of the host's public key. */
  readonly hostKey: string
}

/** Makes a key and the files that go with it in a new folder. */
export async function makeSshAccess(
  folder: string,
  { hostName, address, hostKey }: Door,
): Promise<SshAccess> {
  mkdirSync(folder)
  const [keyFile, knownHostsFile, configFile] = ['id_ed25519', 'known_hosts', 'config'].map((file) =>
    join(folder, file),
  ) as [string, string, string]
  const publicKey = await makeKey(keyFile, 'capstan-tests')
  writeFileSync(knownHostsFile, `${hostName},${address} ${hostKey}\n`)
  const config = [
    `Host ${hostName} ${address}`,
    `  HostName ${address}`,
    '  User root',
    `  IdentityFile ${keyFile}`,
    `  UserKnownHostsFile ${knownHostsFile}`,
    '  IdentitiesOnly yes',
    '  BatchMode yes',
    '',
  ].join('\n')
  writeFileSync(configFile, config)
  return { keyFile, publicKey, knownHostsFile, configFile, config }
}

/** Makes a pair of files for a key without a passphrase, and returns the public one's line. */
export async function makeKey(file: string, comment: string): Promise<string> {
  await output('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file)
  return readFileSync(`${file}.pub`, 'utf8').trim()
}
