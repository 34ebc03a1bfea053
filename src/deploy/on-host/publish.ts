import type { Script } from '../../remote/script.ts'
import { SAY } from './reply.ts'

/**
 * Moves `current` to a release, in one rename, and reads it back. Says `previous`, the target it had.
 *
 * The link is made under a name of its own: a name that a dead run left behind could be a link to a folder, and `ln`
 * would then put the new link inside it.
 */
export function publish(root: string, release: string, nonce: string): Script {
  return { name: `publish ${release}`, body: PUBLISH, args: [root, release, nonce] }
}

/** Takes `current` away: where the first release of all is taken back. */
export function unpublish(root: string): Script {
  return {
    name: 'take current away',
    body: 'if [ -L "$1/current" ]; then rm -f -- "$1/current"; fi',
    args: [root],
  }
}

const PUBLISH = `${SAY}
cd -- "$1"
target=$1/releases/$2
[ -d "$target" ] || { echo "$target is not there" >&2; exit 1; }
if [ -e current ] && [ ! -L current ]; then echo "$1/current is not a link; move it away first" >&2; exit 1; fi
if [ -L current ]; then say previous "$(readlink -- current)"; fi
rm -f -- .capstan/current.*
link=.capstan/current.$3
ln -s -- "$target" "$link"
mv -T -- "$link" current
now=$(readlink -- current)
[ "$now" = "$target" ] || { echo "current points to $now, not to $target" >&2; exit 1; }
`
