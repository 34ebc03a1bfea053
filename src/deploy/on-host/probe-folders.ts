import type { Script } from '../../remote/script.ts'
import type { Layout } from '../layout.ts'
import { type Reply, SAY } from './reply.ts'

/** A folder that keeps the user that deploys from working in the layout. */
export interface Barrier {
  readonly path: string
  readonly owner: string
  /** As `ls` writes it: `drwx------`. */
  readonly mode: string
  /** It lies above the layout, and lets nobody through; otherwise it belongs to it, and may not be written to. */
  readonly isAbove: boolean
}

/** Looks at the folders that the user has to write to; what is not there yet, root can make wherever it may be reached. */
export function probeFolders({ root, releases, shared, state, manifests, instances }: Layout): Script {
  return {
    name: 'look at the folders',
    body: BODY,
    args: [root, releases, shared, state, manifests, instances],
    reads: true,
  }
}

/** Each once, from the root down. */
export function barriers(reply: Reply): Barrier[] {
  return ['above', 'inside'].flatMap((kind) =>
    [...new Set(reply.all(kind))].map((value) => {
      const [owner = '', mode = '', ...path] = value.split(' ')
      return { path: path.join(' '), owner, mode, isAbove: kind === 'above' }
    }),
  )
}

const BODY = `${SAY}
root=$1
for near in "$@"; do
  while [ ! -d "$near" ]; do near=$(dirname -- "$near"); done
  kind=above
  case $near/ in "$root"/*) kind=inside ;; esac
  if [ ! -x "$near" ] || { [ $kind = inside ] && [ ! -w "$near" ]; }; then
    say $kind "$(stat -c '%U %A' -- "$near") $near"
  fi
done
`
