#!/usr/bin/env bash
# Makes the guest of the machine tests from Debian packages: root.img, vmlinuz and initrd.img in .cache/vm/guest.
# Made anew when anything in this folder has changed. Needs root, mmdebstrap and a minute.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=$here/../../.cache/vm
recipe=$(cd "$here" && find . -type f | sort | xargs sha256sum | sha256sum | cut -c1-16)
if [ "$(cat "$cache/guest/recipe" 2>/dev/null)" = "$recipe" ]; then exit 0; fi

echo "• making the guest of the machine tests (this takes a minute)" >&2
mkdir -p "$cache"
work=$(mktemp -d "$cache/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
root=$work/root

packages=(
  systemd-sysv udev dbus kmod procps iproute2 e2fsprogs
  linux-image-cloud-amd64 initramfs-tools
  containerd runc containernetworking-plugins iptables
)
mmdebstrap --mode=root --variant=minbase --format=directory --quiet \
  --include="$(IFS=,; echo "${packages[*]}")" \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  bookworm "$root" >"$work/mmdebstrap.log" 2>&1 || { cat "$work/mmdebstrap.log" >&2; exit 1; }

install -m 755 "$here/guest/control" "$root/usr/local/sbin/control"
install -m 644 "$here/guest/control.service" "$root/etc/systemd/system/control.service"
install -m 644 "$here/guest/clock.service" "$root/etc/systemd/system/clock.service"
install -m 644 "$here/guest/80-dhcp.network" "$root/etc/systemd/network/80-dhcp.network"
install -m 644 "$here/guest/fstab" "$root/etc/fstab"
mkdir -p "$root/opt/eliot"
echo device >"$root/etc/hostname"
# Logs in memory, as on a device with flash.
mkdir -p "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >"$root/etc/systemd/journald.conf.d/volatile.conf"
chroot "$root" systemctl --quiet enable control.service clock.service systemd-networkd.service
# eliotd brings its own containerd; the others only cost time in an emulated machine.
chroot "$root" systemctl --quiet mask containerd.service systemd-networkd-wait-online.service systemd-logind.service \
  getty@.service serial-getty@.service apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer fstrim.timer \
  e2scrub_all.timer e2scrub_reap.service modprobe@drm.service modprobe@efi_pstore.service

cp "$root"/boot/vmlinuz-* "$work/vmlinuz"
cp "$root"/boot/initrd.img-* "$work/initrd.img"
rm -rf "$root"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
mke2fs -q -t ext4 -E lazy_itable_init=1,lazy_journal_init=1 -d "$root" "$work/root.img" 3G >/dev/null
rm -rf "$root"
echo "$recipe" >"$work/recipe"
rm -rf "$cache/guest"
mv "$work" "$cache/guest"
