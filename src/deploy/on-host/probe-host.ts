import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from './reply.ts'

/** What preflight learns about one host in one question. */
export interface HostFacts {
  readonly user: string
  /** Seconds since 1970 on the host's clock, with their fraction where the host tells it, when it was asked. */
  readonly clock: number
  /** `writable`, `readonly`, or `absent` with a parent that the user may write to (`creatable`) or may not. */
  readonly root: 'writable' | 'readonly' | 'creatable' | 'absent'
  readonly freeBytes: number
  /** What `current` is: nothing, a link (and to which release), or something that is in the way. */
  readonly current: { readonly kind: 'none' | 'link' | 'other'; readonly release?: string }
  /** `releases/current`, left behind by a deploy of Capistrano that died: its next `ln` would go astray. */
  readonly hasStaleLink: boolean
  /** Positions in the list of linked files that `shared` lacks. */
  readonly missingFiles: readonly number[]
  readonly missingPrograms: readonly string[]
  readonly systemd: number | null
  /** The user's own services outlive its logins, and start at boot. */
  readonly lingers: boolean
  /** The note of a deploy that began and did not end. */
  readonly unfinished: string | null
  /** The note of an operator who closed the stage. */
  readonly closed: string | null
}

/** Asks all of it. The linked files are arguments, so that any name will do. */
export function probeHost(root: string, linkedFiles: readonly string[]): Script {
  return { name: 'look at the host', body: BODY, args: [root, ...linkedFiles], reads: true }
}

export function hostFacts(reply: Reply): HostFacts {
  const release = reply.one('current-release')
  return {
    user: reply.one('user') ?? '',
    // Where `date` knows no %N, whole seconds.
    clock: Number.parseFloat(reply.one('clock') ?? ''),
    root: (reply.one('root') ?? 'absent') as HostFacts['root'],
    freeBytes: Number(reply.one('free-kib') ?? 0) * 1024,
    current: {
      kind: (reply.one('current') ?? 'none') as HostFacts['current']['kind'],
      ...(release === undefined ? {} : { release }),
    },
    hasStaleLink: reply.has('stale-link'),
    missingFiles: reply.all('missing').map(Number),
    missingPrograms: reply.all('no-program'),
    systemd: reply.has('systemd') ? Number(reply.one('systemd')) : null,
    lingers: reply.has('linger'),
    unfinished: reply.one('unfinished') ?? null,
    closed: reply.one('closed') ?? null,
  }
}

// `df` and `readlink -f` ask the nearest folder that exists: on a bare host the root does not.
const BODY = `${SAY}
root=$1; shift
say user "$(id -un)"
say clock "$(date +%s.%N)"
near=$root
while [ ! -d "$near" ]; do near=$(dirname -- "$near"); done
if [ "$near" = "$root" ]; then
  if [ -w "$root" ]; then say root writable; else say root readonly; fi
elif [ -w "$near" ]; then say root creatable; else say root absent; fi
say free-kib "$(df -Pk -- "$near" | awk 'NR == 2 { print $4 }')"
if [ -L "$root/current" ]; then
  say current link
  target=$(readlink -f -- "$root/current" || true)
  if [ -d "$target" ]; then say current-release "$(basename -- "$target")"; fi
elif [ -e "$root/current" ]; then say current other; fi
if [ -L "$root/releases/current" ]; then say stale-link yes; fi
i=0
for file in "$@"; do
  if [ ! -f "$root/shared/$file" ]; then say missing $i; fi
  i=$((i + 1))
done
for program in tar mv ln flock; do
  command -v $program >/dev/null || say no-program $program
done
if command -v systemctl >/dev/null; then
  say systemd "$(systemctl --version | awk 'NR == 1 { print $2 }')"
fi
if [ -e "/var/lib/systemd/linger/$(id -un)" ]; then say linger yes; fi
if [ -f "$root/.capstan/deploy.json" ]; then say unfinished "$(tr '\\n' ' ' <"$root/.capstan/deploy.json")"; fi
if [ -f "$root/.capstan/closed.json" ]; then say closed "$(tr '\\n' ' ' <"$root/.capstan/closed.json")"; fi
`
