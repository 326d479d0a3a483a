#!/bin/sh
# Becomes the first process of a small machine: process ids, mounts, network and host name of its own, and ROOT as its
# root directory. When this process ends, all that runs in it ends and all that it mounted is gone.
#   unshare --mount --pid --net --uts --ipc --fork --kill-child enter-chroot.sh ROOT INIT
set -e
root=$1 init=$2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
hostname device
ip link set lo up
mkdir -p "$root/.before"
# Not chroot: runc itself changes the root, for which ours must be a mount.
cd "$root"
pivot_root . .before
umount -l /.before
rmdir /.before
exec "$init"
