#!/bin/sh
# Runs one host until it is switched off; host-power.ts starts it with `unshare --mount --net --propagation private`, so that
# its mounts and its network are seen nowhere else and vanish with its last process. The arguments are those of systemd-nspawn.
#
#   ENTER    the files of the cgroups to enter, separated by spaces
#   IMAGE    the folder below the overlay
#   DISK     the folder with `upper`, `work` and `root`
#   LINK     the name of the cable's end on this machine, in BRIDGE; the other is eth0 with ADDRESS, with GATEWAY behind it
#   OUTSIDE  a pid in the network of this machine
set -eu

for file in $ENTER; do echo $$ >"$file"; done

# The same one for an address at all times: others may still remember that of the last host there.
mac=$(printf '02:00:00:00:00:%02x' "${ADDRESS##*.}")
ip link add eth0 address "$mac" type veth peer name "$LINK" netns "$OUTSIDE"
nsenter --target="$OUTSIDE" --net ip link set "$LINK" master "$BRIDGE" up
ip address add "$ADDRESS/24" dev eth0
ip link set eth0 up
ip link set lo up

# nspawn announces itself there.
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
# An overlay without syncs is not mounted again while this mark of its last use is there.
rm -rf "$DISK/work/work"
mount -t overlay overlay -o "lowerdir=$IMAGE,upperdir=$DISK/upper,workdir=$DISK/work,volatile" "$DISK/root"

REBOOT=133
while :; do
  code=0
  systemd-nspawn --directory="$DISK/root" --network-namespace-path="/proc/$$/ns/net" "$@" || code=$?
  [ "$code" = "$REBOOT" ] || exit "$code"
done
