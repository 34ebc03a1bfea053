# Sourced by the commands beside it, not run. It goes to the checkout, puts the pinned Node first on PATH, answers --help with
# the comment at the top of the command, and runs bin/setup when the npm packages are missing or older than their lock file.
# A command may set WITHOUT_SETUP=1 (it does not need the packages) or WITHOUT_HELP=1 (it answers --help itself) before.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
COMMAND=$(basename "$0")

say() { printf 'bin/%s: %s\n' "$COMMAND" "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

print_help() { awk 'NR == 1 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$1"; }

packages_are_current() {
  [[ -x $ROOT/node_modules/.bin/node && ! $ROOT/package-lock.json -nt $ROOT/node_modules/.package-lock.json ]]
}

if [[ -z ${WITHOUT_HELP:-} ]]; then
  for argument in "$@"; do
    case $argument in
      --help | -h)
        print_help "$ROOT/bin/$COMMAND"
        exit 0
        ;;
    esac
  done
fi

CALLER_DIRECTORY=$PWD
cd "$ROOT"
SYSTEM_PATH=${PATH//"$ROOT/node_modules/.bin:"/}
export PATH="$ROOT/node_modules/.bin:$SYSTEM_PATH"

if [[ -z ${WITHOUT_SETUP:-} ]] && ! packages_are_current; then
  bin/setup --packages-only >/dev/null
fi
