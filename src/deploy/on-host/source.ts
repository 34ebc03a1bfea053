import type { Script } from '../../remote/script.ts'
import { SAY } from './reply.ts'

// A host must never wait for a password that nobody will type.
const QUIET_GIT = `export GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND="\${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"`

/** Which commit a branch, tag or commit name means there. Says `revision`, or nothing. */
export function resolveRevision(url: string, ref: string): Script {
  return { name: `ask for ${ref}`, body: RESOLVE, args: [url, ref], reads: true }
}

const RESOLVE = `${SAY}
${QUIET_GIT}
if [ "$2" = HEAD ]; then found=$(git ls-remote -- "$1" HEAD)
else found=$(git ls-remote -- "$1" "refs/heads/$2" "refs/tags/$2^{}" "refs/tags/$2"); fi
revision=$(printf '%s\\n' "$found" | awk 'NF { print $1; exit }')
case $2 in
  *[!0-9a-f]*) ;;
  *) if [ -z "$revision" ] && [ \${#2} = 40 ]; then revision=$2; fi ;;
esac
if [ -n "$revision" ]; then say revision "$revision"; fi
`

export interface GitRelease {
  readonly repo: string
  readonly url: string
  readonly revision: string
  readonly release: string
  /** One folder of the repository, or '' for all. */
  readonly tree: string
}

/** Brings the mirror up to date and unpacks one commit of it into the release. */
export function unpackGit({ repo, url, revision, release, tree }: GitRelease): Script {
  return { name: 'fetch and unpack the code', body: UNPACK_GIT, args: [repo, url, revision, release, tree] }
}

// An archive in a file rather than in a pipe: sh would not see that git failed.
const UNPACK_GIT = `${QUIET_GIT}
repo=$1 url=$2 revision=$3 release=$4 tree=$5
if [ -f "$repo/HEAD" ]; then
  git --git-dir="$repo" remote set-url origin "$url"
  git --git-dir="$repo" remote update --prune >&2
else
  half=$repo.$$
  trap 'rm -rf -- "$half"' EXIT
  git clone --quiet --mirror -- "$url" "$half"
  mv -T -- "$half" "$repo"
fi
mkdir -- "$release"
archive=$release/.archive.tar
git --git-dir="$repo" archive --format=tar -o "$archive" "$revision\${tree:+:$tree}"
tar -x -f "$archive" -C "$release"
rm -f -- "$archive"
printf '%s\\n' "$revision" >"$release/REVISION"
git --git-dir="$repo" log -1 --format=%ct "$revision" >"$release/REVISION_TIME"
`

/** Unpacks what was sent to `archive`, and takes the archive away. */
export function unpackArchive(archive: string, release: string, revision: string): Script {
  return { name: 'unpack the code', body: UNPACK_ARCHIVE, args: [archive, release, revision] }
}

const UNPACK_ARCHIVE = `
trap 'rm -f -- "$1"' EXIT
mkdir -- "$2"
tar -x -z -f "$1" -C "$2"
printf '%s\\n' "$3" >"$2/REVISION"
date +%s >"$2/REVISION_TIME"
`

/** Packs a folder of this machine as git would see it: what is ignored stays out. Says `revision`. */
export function packFolder(folder: string, archive: string): Script {
  return { name: 'pack the code', body: PACK, args: [folder, archive] }
}

const PACK = `${SAY}
cd -- "$1"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  git ls-files -z --cached --others --exclude-standard --deduplicate >"$2.list"
  tar -c -z -f "$2" --null --no-recursion --ignore-failed-read --files-from="$2.list" 2>"$2.words" || { cat "$2.words" >&2; exit 1; }
  changed=
  [ -z "$(git status --porcelain)" ] || changed=-dirty
  say revision "$(git rev-parse HEAD)$changed"
else
  tar -c -z -f "$2" --exclude=./node_modules --exclude=./.git .
  say revision "$(cksum <"$2" | cut -d' ' -f1)"
fi
`
