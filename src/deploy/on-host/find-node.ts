import type { Script } from '../../remote/script.ts'
import { MINIMUM_NODE } from '../node-version.ts'
import { type Reply, SAY } from './reply.ts'

/** A Node on a host. */
export interface FoundNode {
  readonly path: string
  /** `24.1.0` */
  readonly version: string
}

/**
 * Looks for Node as a person who logs in would find it: on the login shell's PATH, then where nvm, mise, fnm, asdf and
 * volta keep theirs. The first one that is new enough ends the search: login shells can be slow. `wanted` is a path that
 * is asked instead, or ''.
 */
export function findNode(wanted: string): Script {
  return { name: 'look for Node', body: FIND, args: [wanted, ...MINIMUM_NODE.map(String)], reads: true }
}

/** In the order of preference; each path once. */
export function foundNodes(reply: Reply): FoundNode[] {
  return reply.all('node').map((value) => {
    const [version = '', ...path] = value.split(' ')
    return { version: version.replace(/^v/, ''), path: path.join(' ') }
  })
}

// Version managers put a shim or a function in the way: what they run is asked for its own path. A login shell may
// print a greeting: only the last line counts, and it may hang: it has five seconds. Those of the csh family have words of
// their own for `command -v`, as others have, too, and take `-l` alone.
const FIND = `${SAY}
tried=' '
try() {
  case $1 in /*) ;; *) return 0 ;; esac
  [ -x "$1" ] || return 0
  found=$(timeout 5 "$1" -p 'process.version + " " + process.execPath' 2>/dev/null </dev/null) || return 0
  case $tried in *" $found "*) return 0 ;; esac
  tried="$tried$found "
  say node "$found"
  minor=\${found#*.} major=\${found#v}
  major=\${major%%.*} minor=\${minor%%.*}
  if [ "$major" -gt "$wanted_major" ] || { [ "$major" -eq "$wanted_major" ] && [ "$minor" -ge "$wanted_minor" ]; }; then exit 0; fi
}
wanted_major=$2 wanted_minor=$3
if [ -n "$1" ]; then try "$1"; exit 0; fi
try "$(command -v node || true)"
shell=$(getent passwd "$(id -un)" | cut -d: -f7)
login() { timeout 5 "\${shell:-/bin/sh}" "$@" 2>/dev/null | tail -n 1 || true; }
ask='/bin/sh -c "command -v node"'
case $shell in
  *csh) try "$(echo "$ask" | login -l)" ;;
  *) try "$(login -lc "$ask" </dev/null)"; try "$(login -lic "$ask" </dev/null)" ;;
esac
for node in "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/share/mise/installs/node/*/bin/node \\
  "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node "$HOME"/.asdf/installs/nodejs/*/bin/node \\
  "$HOME"/.volta/tools/image/node/*/bin/node /usr/local/bin/node /usr/bin/node /opt/node/bin/node; do
  try "$node"
done
`
