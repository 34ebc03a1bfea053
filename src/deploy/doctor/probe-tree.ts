import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from '../on-host/reply.ts'

/** What a folder of releases tells of whoever deployed there before. */
export interface TreeFacts {
  /** `current` as it is written; null when it is no link. */
  readonly currentText: string | null
  /** What the user that deploys may not write to, and whose it is. */
  readonly unwritable: ReadonlyArray<{ readonly path: string; readonly owner: string }>
  /** Where the mirror of the repository fetches from. */
  readonly repository: string | null
  /** Links in the live release to the same path in `shared`. */
  readonly links: ReadonlyArray<{ readonly kind: 'file' | 'folder'; readonly path: string }>
  /** The last line of `revisions.log`. */
  readonly lastRevision: string | null
}

export function probeTree(root: string): Script {
  return { name: 'look at the releases', body: BODY, args: [root], reads: true }
}

export function treeFacts(reply: Reply): TreeFacts {
  return {
    currentText: reply.one('current-text') ?? null,
    unwritable: reply.all('unwritable').map((value) => {
      const [path = '', owner = ''] = value.split(' ')
      return { path, owner }
    }),
    repository: reply.one('repository') ?? null,
    links: reply.all('link').map((value) => {
      const at = value.indexOf(' ')
      return { kind: value.slice(0, at) === 'folder' ? 'folder' : 'file', path: value.slice(at + 1) }
    }),
    lastRevision: reply.all('log').at(-1) ?? null,
  }
}

// Linked folders lie a few steps deep; node_modules is full of links of its own.
const BODY = `${SAY}
root=$1
cd -- "$root" 2>/dev/null || exit 0
if [ -L current ]; then say current-text "$(readlink -- current)"; fi
for path in releases shared repo .capstan revisions.log; do
  if [ -e "$path" ] && [ ! -w "$path" ]; then say unwritable "$path $(stat -c %U -- "$path")"; fi
done
if [ -f repo/HEAD ] && command -v git >/dev/null; then
  url=$(git --git-dir=repo config remote.origin.url 2>/dev/null || true)
  if [ -n "$url" ]; then say repository "$url"; fi
fi
[ -d current ] || exit 0
find current/ -maxdepth 5 -name node_modules -prune -o -type l -print 2>/dev/null | while IFS= read -r link; do
  path=\${link#current/}
  [ "$(readlink -- "$link")" = "$root/shared/$path" ] || continue
  if [ -d "$link" ]; then say link "folder $path"; else say link "file $path"; fi
done
`
