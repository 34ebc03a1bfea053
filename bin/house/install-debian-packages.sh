#!/usr/bin/env bash
# Installs the Debian packages given as arguments, without starting or enabling a service of theirs. Run by bin/setup, as root.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

POLICY=/usr/sbin/policy-rc.d
log=$(mktemp)
policy_is_ours=
clean_up() {
  rm -f "$log"
  [[ -z $policy_is_ours ]] || rm -f "$POLICY"
}
trap clean_up EXIT

# Package scripts ask this program before they start a service; 101 forbids it.
if [[ ! -e $POLICY ]]; then
  printf '#!/bin/sh\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
  policy_is_ours=1
fi

run() {
  if "$@" </dev/null >"$log" 2>&1; then return; fi
  cat "$log" >&2
  echo "bin/setup: failed: $*" >&2
  exit 1
}

LOCK_WAIT_SECONDS=120 # another apt may be at work, as on a machine that has just booted
echo "bin/setup: installing $* with apt-get" >&2
run apt-get -o "DPkg::Lock::Timeout=$LOCK_WAIT_SECONDS" update
run apt-get -o "DPkg::Lock::Timeout=$LOCK_WAIT_SECONDS" install -y --no-install-recommends "$@"

# The policy keeps services from starting now; systemd would still start them at the next boot.
if command -v systemctl >/dev/null; then
  for package in "$@"; do
    case $package in
      redis-*) run systemctl disable "$package.service" ;;
      openssh-server) run systemctl disable ssh.service ;;
    esac
  done
fi
