#!/usr/bin/env bash
# Installs exactly what package-lock.json names. Run by bin/setup, in the checkout.
set -euo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
quiet=(--no-audit --no-fund --loglevel=error)

if npm ci "${quiet[@]}" </dev/null >"$log" 2>&1; then exit 0; fi

# npm 11 refuses a lock file that lacks optional packages of other platforms, as it is written when the registry does not
# have all of them yet; such lines name no version. `npm install` puts the same locked packages in place.
lacking=$(grep 'Missing: ' "$log" || true)
if [[ -n $lacking ]] && ! grep -qv '@ from lock file' <<<"$lacking"; then
  echo 'bin/setup: package-lock.json lacks optional packages of other platforms; npm install instead of npm ci' >&2
  npm install --no-save "${quiet[@]}" </dev/null >"$log" 2>&1 && exit 0
fi

cat "$log" >&2
echo 'bin/setup: npm could not install the packages (its words are above)' >&2
exit 1
