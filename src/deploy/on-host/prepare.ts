import type { Script } from '../../remote/script.ts'
import { CAPSTAN_PROGRAM, ENVIRONMENT_FILE, type Layout } from '../layout.ts'

/** Makes the folders of the layout that are not there, and ours, which nobody else needs to read. */
export function makeFolders(
  layout: Layout,
  linkedDirs: readonly string[],
  linkedFiles: readonly string[],
): Script {
  return {
    name: 'make the folders',
    body: FOLDERS,
    args: [layout.root, String(linkedDirs.length), ...linkedDirs, ...linkedFiles],
  }
}

const FOLDERS = `
root=$1 dirs=$2; shift 2
mkdir -p -- "$root/releases" "$root/shared" "$root/.capstan/releases" "$root/.capstan/instances"
chmod 0755 "$root/.capstan"
while [ $dirs -gt 0 ]; do mkdir -p -- "$root/shared/$1"; shift; dirs=$((dirs - 1)); done
for file in "$@"; do mkdir -p -- "$(dirname -- "$root/shared/$file")"; done
`

/** Makes the folder of our notes, where a lock can lie. */
export function makeState(layout: Layout): Script {
  return { name: 'make the folder of notes', body: 'mkdir -p -- "$1"', args: [layout.state] }
}

/** Links the shared files and folders into the release, in place of what the code brought there. */
export function linkShared(layout: Layout, release: string, paths: readonly string[]): Script {
  return { name: 'link what is shared', body: LINK, args: [layout.release(release), layout.shared, ...paths] }
}

const LINK = `
release=$1 shared=$2; shift 2
for path in "$@"; do
  mkdir -p -- "$(dirname -- "$release/$path")"
  rm -rf -- "$release/$path"
  ln -s -- "$shared/$path" "$release/$path"
done
`

/**
 * Writes the environment of the services into the release, in the syntax of systemd. The text goes by a variable: an
 * argument could be seen by others on the host.
 */
export function writeEnvironment(release: string, environment: Readonly<Record<string, string>>): Script {
  return {
    name: 'write the environment',
    body: 'umask 077; printf %s "$capstan_environment" >"$1"',
    args: [`${release}/${ENVIRONMENT_FILE}`],
    env: { capstan_environment: environmentFile(environment) },
  }
}

/** Ends with 0 when the workers of a release find what they run, else with 1. */
export function bringsCapstan(release: string): Script {
  return {
    name: 'look for capstan',
    body: '[ -f "$1" ] || exit 1',
    args: [`${release}/${CAPSTAN_PROGRAM}`],
    reads: true,
  }
}

function environmentFile(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment).map(
    ([name, value]) => `${name}="${value.replace(/["\\$`]/g, '\\$&')}"\n`,
  )
  return lines.join('')
}
