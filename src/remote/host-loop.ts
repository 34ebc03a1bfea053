import { escaped } from './word.ts'

/**
 * The remote command. It means the same to every login shell (csh and fish have their own rules for `!` and `\`), and
 * what it runs comes by stdin. `-c` because dash reads ahead in a script that it takes from stdin.
 */
export const BOOTSTRAP = `exec /bin/sh -c 'IFS= read -r loop && eval "$(printf %b "$loop")"'`

/** What is written to the bootstrap first. `nonce` tells our answers from what a login shell may print. */
export function hostLoop(nonce: string, leaseMs: number): string {
  const program = [LOOP, RUNNER, KEEPER].map(escaped).join('\n')
  return `${program}\n${nonce} ${leaseMs / 1000}\n`
}

/**
 * `launch COUNT {NAME VALUE}×COUNT BODY $0 ARGUMENT…` becomes that script, in a process group of its own; all but the
 * names are words as of word.ts. Runs in a subshell that ends with it.
 */
const LAUNCH = `
launch() {
  capstan_count=$1; shift
  while [ "$capstan_count" -gt 0 ]; do
    capstan_value=$(printf %b "$2"); export "$1=\${capstan_value%.}"
    shift 2; capstan_count=$((capstan_count - 1))
  done
  capstan_count=$#
  while [ "$capstan_count" -gt 0 ]; do
    capstan_value=$(printf %b "$1"); shift
    set -- "$@" "\${capstan_value%.}"; capstan_count=$((capstan_count - 1))
  done
  exec setsid /bin/sh -c "$@"
}
`

/**
 * Runs one script: `NONCE WORD…` is on stdin, the seconds between TERM and KILL are $1.
 *
 * What the script prints goes through two `cat`, with a trailer after it, so that what a process left behind prints
 * later has no way to us once they are gone. The runner then waits for its end, which keeps its number from being used
 * again: the loop kills it by that. TERM stops the script, once its output was opened; HUP stops it and everything here.
 */
const RUNNER = `${LAUNCH}
set -f
grace=$1
read -r nonce words
trap '' TERM; trap : HUP
{
  {
    exec 2>/dev/null
    script=; stopping=
    stop() {
      [ "$script" ] || return 0
      kill -TERM "-$script" || kill -KILL "$script"
      tenths=$((grace * 10))
      while [ "$tenths" -gt 0 ] && kill -0 "-$script"; do sleep 0.1 || sleep 1; tenths=$((tenths - 1)); done
      kill -KILL "-$script"
    }
    trap 'stopping=yes; stop' TERM
    trap 'stop; kill -KILL 0' HUP
    printf '%s{' "$nonce"; printf '%s{' "$nonce" >&3
    launch $words </dev/null 2>&1 >&3 3>&- & script=$!
    [ -z "$stopping" ] || stop
    wait "$script"; code=$?
    script=
    printf '%s}%s\\n' "$nonce" "$code"; printf '%s}%s\\n' "$nonce" "$code" >&3
    while :; do sleep 86400 >&- 3>&- & wait "$!"; done
  } | { trap '' HUP; exec cat >&2 3>&-; }
} 3>&1 | { trap '' HUP; exec cat; }
`

/**
 * Outlives the loop, whatever ends it, and then undoes what must not stay. It hears from the loop by stdin; the end of
 * that is the end of the loop. A dead runner may stay as a zombie, where nobody waits for orphans. $1: the seconds of silence after which the loop is told to end.
 */
const KEEPER = `${LAUNCH}
set -f
lease=$1
read -r loop
timer=; runner=; armed=
stop_timer() { [ -z "$timer" ] || { kill -KILL "-$timer" || kill -KILL "$timer"; wait "$timer"; }; timer=; }
start_timer() {
  stop_timer
  setsid /bin/sh -c 'sleep "$1"; kill -TERM "$2"; sleep 10; kill -KILL "$2"' sh "$lease" "$loop" & timer=$!
}
runs() { read -r stat <"/proc/$runner/stat" && case $stat in *') Z '*) false ;; esac; }
start_timer
while read -r verb id words; do
  case $verb in
    ping) start_timer ;;
    run) runner=$id ;;
    guard) armed="$id $armed"; eval "guard_$id=\\$words" ;;
    disarm) eval "guard_$id=" ;;
  esac
done
stop_timer
if [ "$runner" ]; then
  kill -HUP "-$runner" || kill -KILL "$runner"
  tenths=100
  while [ "$tenths" -gt 0 ] && runs; do sleep 0.1 || sleep 1; tenths=$((tenths - 1)); done
  kill -KILL "-$runner"
fi
for id in $armed; do
  eval "words=\\$guard_$id"
  [ -z "$words" ] || { launch $words </dev/null & wait "$!"; }
done
`

/**
 * A process group exists only some time after its `setsid` was started: until then its first
 * process is killed alone, with KILL: a shell that was just forked may still lose any other signal.
 *
 * Takes one message a line: `VERB NONCE WORD…`. Answers, on both streams, with `NONCE{`, what there is to say,
 * `NONCE}CODE` and a newline. Locks are open files 3 to 7 (single digits: dash knows no others), 9 is the keeper.
 */
const LOOP = `
set -f
read -r runner; runner=$(printf %b "$runner")
read -r keeper; keeper=$(printf %b "$keeper")
read -r nonce lease
answer() { printf '%s{%s%s}%s\\n' "$1" "$3" "$1" "$2"; printf '%s{%s}%s\\n' "$1" "$1" "$2" >&2; }
value() { decoded=$(printf %b "$1"); decoded=\${decoded%.}; }
tell() { printf '%s\\n' "$*" >&9; }
for tool in setsid flock; do
  command -v "$tool" >/dev/null || { answer "$nonce" 127 "$tool"; exit 127; }
done
end_run() {
  [ "$running" ] || return 0
  { kill "-$1" "-$running" || kill -KILL "$running"; wait "$running"; } 2>/dev/null
  running=; tell run
}
holding() { eval "[ \\"\\$lock_$1\\" = \\"\\$decoded\\" ]"; }
lock() {
  value "$2"
  if ! problem=$( { : <>"$decoded"; } 2>&1); then answer "$1" 2 "$problem"; return; fi
  for file in 3 4 5 6 7; do
    eval "[ -z \\"\\$lock_$file\\" ]" || continue
    eval "exec $file<>\\"\\$decoded\\""
    if flock -n "$file"; then
      eval "lock_$file=\\$decoded"; path=$decoded; value "$3"
      printf %s "$decoded" >"$path"; answer "$1" 0
    else
      eval "exec $file>&-"; answer "$1" 1 "$(cat "$decoded")"
    fi
    return
  done
  answer "$1" 2 'five locks are held already'
}
unlock() {
  value "$2"
  for file in 3 4 5 6 7; do
    if holding "$file"; then
      : >"$decoded"; eval "exec $file>&-; lock_$file="; answer "$1" 0; return
    fi
  done
  answer "$1" 1
}
loop() {
  trap : TERM
  running=; lock_3=; lock_4=; lock_5=; lock_6=; lock_7=
  tell "$(exec /bin/sh -c 'echo $PPID')"
  answer "$nonce" 0
  while read -r verb id words; do
    case $verb in
      ping) tell ping; continue ;;
      kill) [ -z "$running" ] || kill -TERM "-$running"; continue ;;
      bye) break ;;
    esac
    end_run KILL
    case $verb in
      run)
        printf '%s\\n' "$id $words" | setsid /bin/sh -c "$runner" sh 5 3>&- 4>&- 5>&- 6>&- 7>&- 9>&- & running=$!
        tell run "$running" ;;
      lock) lock "$id" $words ;;
      unlock) unlock "$id" $words ;;
      guard | disarm) tell "$verb" "$words"; answer "$id" 0 ;;
    esac
  done
  end_run HUP
}
exec 8>&1
loop 9>&1 >&8 8>&- | setsid /bin/sh -c "$keeper" sh "$lease" >/dev/null 2>&1 8>&-
`
