# Sourced by bin/bench and bin/faults: installs what Capstan is compared with into bench/peers/node_modules, when it is
# missing there or older than its lock file.
peers=bench/peers
if [[ ! -e $peers/node_modules/.package-lock.json || $peers/package-lock.json -nt $peers/node_modules/.package-lock.json ]]; then
  say "installing the peers into $peers/node_modules"
  # With the system's Node, which npm belongs to; not by npm ci, which wants optional binaries of other platforms, too.
  (cd "$peers" && PATH=$SYSTEM_PATH npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
fi
