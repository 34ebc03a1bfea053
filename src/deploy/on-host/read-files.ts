import type { Script } from '../../remote/script.ts'
import { type Reply, SAY } from './reply.ts'

/** A file of the system as a host has it. */
export interface HostFile {
  readonly path: string
  /** null: it is not there; `unreadable`: who asks may not read it, or not see whether it is there. */
  readonly text: string | null | 'unreadable'
  /** `root:root 644` */
  readonly mode: string
  /** Files beside it that change it. */
  readonly dropIns: readonly string[]
}

/** Reads files by their paths; one that is relative lies in the home of whoever asks. */
export function readFiles(paths: readonly string[]): Script {
  return { name: 'read the installed files', body: BODY, args: [...paths], reads: true }
}

export function hostFiles(reply: Reply, paths: readonly string[]): HostFile[] {
  return paths.map((path, position) => {
    const about = (key: string) =>
      reply
        .all(key)
        .filter((value) => value.startsWith(`${position} `))
        .map((value) => value.slice(`${position} `.length))
    const [state] = about('state')
    const text = about('line')
      .map((line) => `${line}\n`)
      .join('')
    return {
      path,
      text: state === 'there' ? text : state === 'absent' ? null : 'unreadable',
      mode: about('mode')[0] ?? '',
      dropIns: about('drop-in'),
    }
  })
}

// A folder that may not be entered hides whether the file is there.
const BODY = `${SAY}
home=$(getent passwd "$(id -un)" | cut -d: -f6)
i=0
for path in "$@"; do
  case $path in /*) ;; *) path=$home/$path ;; esac
  if [ -r "$path" ]; then
    say state "$i there"
    say mode "$i $(stat -L -c '%U:%G %a' "$path")"
    while IFS= read -r line || [ -n "$line" ]; do say line "$i $line"; done <"$path"
  elif [ -e "$path" ] || [ ! -x "$(dirname -- "$path")" ]; then say state "$i unreadable"
  else say state "$i absent"; fi
  for file in "$path".d/*.conf; do
    if [ -e "$file" ]; then say drop-in "$i $file"; fi
  done
  i=$((i + 1))
done
`
