import type { Script } from '../../remote/script.ts'
import { type ReleaseFacts, readManifest } from '../release.ts'
import { type Reply, SAY } from './reply.ts'

/** Lists the releases with all that decides whether one may be removed or returned to. */
export function listReleases(root: string): Script {
  return { name: 'list the releases', body: LIST, args: [root], reads: true }
}

/** Oldest first. */
export function releaseFacts(reply: Reply): ReleaseFacts[] {
  const current = reply.one('live')
  const inUse = new Set(reply.all('in-use'))
  const logged = reply.all('log').join('\n')
  return [...reply.all('release')].sort().map((name) => {
    const manifest = reply.all('manifest').find((line) => line.startsWith(`${name} `))
    return {
      name,
      isCurrent: name === current,
      isInUse: inUse.has(name),
      isLogged: logged.includes(`release ${name} `),
      manifest: manifest === undefined ? null : readManifest(manifest.slice(name.length + 1)),
      revision:
        reply
          .all('revision')
          .find((line) => line.startsWith(`${name} `))
          ?.slice(name.length + 1) ?? null,
    }
  })
}

// Working directories of other users' processes cannot be read: for workers under another user the link of their
// instance speaks, as long as systemd runs the instance or would at boot. Where systemd cannot be asked, it speaks too.
const LIST = `${SAY}
[ -d "$1" ] || exit 0
cd -- "$1"
if [ -L current ]; then say live "$(basename -- "$(readlink -- current)")"; fi
for path in releases/*; do
  name=\${path#releases/}
  case $name in *[!0-9]*) continue ;; ??????????????) ;; *) continue ;; esac
  say release "$name"
  if [ -f "$path/REVISION" ]; then say revision "$name $(head -n 1 "$path/REVISION")"; fi
  if [ -f ".capstan/releases/$name.json" ]; then say manifest "$name $(tr '\\n' ' ' <".capstan/releases/$name.json")"; fi
done
if [ -f revisions.log ]; then tail -n 500 revisions.log | while IFS= read -r line; do say log "$line"; done; fi
here=$(pwd -P)
for process in /proc/[0-9]*; do
  directory=$(readlink -- "$process/cwd" 2>/dev/null) || continue
  case $directory in "$here/releases/"*) rest=\${directory#"$here/releases/"}; say in-use "\${rest%%/*}" ;; esac
done
export XDG_RUNTIME_DIR="\${XDG_RUNTIME_DIR:-/run/user/$(id -u)}"
states=active,reloading,activating,deactivating
running=$(systemctl list-units --plain --no-legend --full --state="$states" '*@*.service' 2>/dev/null) || running=unasked
running="$running
$(systemctl --user list-units --plain --no-legend --full --state="$states" '*@*.service' 2>/dev/null || true)"
for instance in .capstan/instances/*; do
  [ -L "$instance" ] || continue
  unit=@\${instance##*/}.service wanted=
  case $running in unasked* | *"$unit "*) wanted=yes ;; esac
  for link in /etc/systemd/system/*.wants/*"$unit" "\${HOME:-}"/.config/systemd/user/*.wants/*"$unit"; do
    if [ -L "$link" ]; then wanted=yes; fi
  done
  if [ -n "$wanted" ]; then say in-use "$(basename -- "$(readlink -- "$instance")")"; fi
done
`

/** Writes what is known of a release, in one rename. */
export function writeManifest(root: string, release: string, manifest: string): Script {
  return {
    name: 'note the state of the release',
    body: 'file=$1/.capstan/releases/$2.json; printf "%s\\n" "$3" >"$file.new"; mv -T -- "$file.new" "$file"',
    args: [root, release, manifest],
  }
}

/** Removes releases, by names that were checked, and what was noted of them. */
export function removeReleases(root: string, names: readonly string[]): Script {
  return { name: 'remove old releases', body: REMOVE, args: [root, ...names] }
}

// The folder goes out of the list first: a removal that is cut off must not leave half a release under its name.
const REMOVE = `
cd -- "$1"; shift
for name in "$@"; do
  mkdir -p .capstan/removed
  if [ -d "releases/$name" ]; then mv -T -- "releases/$name" ".capstan/removed/$name"; fi
  rm -f -- ".capstan/releases/$name.json"
done
rm -rf -- .capstan/removed
`
