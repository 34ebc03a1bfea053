import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from './reply.ts'

/** A Node on a host. */
export interface FoundNode {
  readonly path: string
  /** `24.1.0` */
  readonly version: string
}

/**
 * Looks for Node as a person who logs in would find it: on the login shell's PATH, then where nvm, mise, fnm, asdf and
 * volta keep theirs. `wanted` is a path that is asked instead, or ''.
 */
export function findNode(wanted: string): Script {
  return { name: 'look for Node', body: FIND, args: [wanted], reads: true }
}

/** In the order of preference; each path once. */
export function foundNodes(reply: Reply): FoundNode[] {
  return reply.all('node').map((value) => {
    const [version = '', ...path] = value.split(' ')
    return { version: version.replace(/^v/, ''), path: path.join(' ') }
  })
}

// Version managers put a shim or a function in the way: what they run is asked for its own path. A login shell may
// print a greeting: only the last line counts, and it may hang: it has five seconds.
const FIND = `${SAY}
tried=' '
try() {
  case $1 in /*) ;; *) return 0 ;; esac
  [ -x "$1" ] || return 0
  real=$(timeout 5 "$1" -p process.execPath 2>/dev/null </dev/null) || return 0
  case $tried in *" $real "*) return 0 ;; esac
  tried="$tried$real "
  version=$(timeout 5 "$1" --version 2>/dev/null </dev/null) || return 0
  say node "$version $real"
}
if [ -n "$1" ]; then try "$1"; exit 0; fi
try "$(command -v node || true)"
shell=$(getent passwd "$(id -un)" | cut -d: -f7)
try "$(timeout 5 "\${shell:-/bin/sh}" -lc 'command -v node' 2>/dev/null </dev/null | tail -n 1 || true)"
try "$(timeout 5 "\${shell:-/bin/sh}" -lic 'command -v node' 2>/dev/null </dev/null | tail -n 1 || true)"
for node in "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.local/share/mise/installs/node/*/bin/node \\
  "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node "$HOME"/.asdf/installs/nodejs/*/bin/node \\
  "$HOME"/.volta/tools/image/node/*/bin/node /usr/local/bin/node /usr/bin/node /opt/node/bin/node; do
  try "$node"
done
`
