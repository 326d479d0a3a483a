#!/usr/bin/env bash
# Makes the small Debian in which packages are installed by tests: .cache/packages/chroot, with all that they depend on.
# Made anew when this recipe has changed. Needs root, mmdebstrap and a minute.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
cache=$here/../../.cache/packages
recipe=$(sha256sum "$0" | cut -c1-16)
if [ "$(cat "$cache/chroot/.recipe" 2>/dev/null)" = "$recipe" ]; then exit 0; fi

echo "• making the chroot of the package tests (this takes a minute)" >&2
mkdir -p "$cache"
work=$(mktemp -d "$cache/chroot-work.XXXXXX")
trap 'rm -rf "$work"' EXIT
packages=(
  # what eliot depends on, and what it recommends
  containerd runc containernetworking-plugins iproute2 iptables mount libstdc++6 libgcc-s1 ca-certificates
  # what the tests look with
  procps
)
mmdebstrap --mode=root --variant=minbase --format=directory --quiet \
  --include="$(IFS=,; echo "${packages[*]}")" \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  bookworm "$work/root" >"$work/mmdebstrap.log" 2>&1 || { cat "$work/mmdebstrap.log" >&2; exit 1; }
# Packages under test are installed whole.
rm -rf "$work/root/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$work/root"/var/cache/apt/*.bin
echo "$recipe" >"$work/root/.recipe"
rm -rf "$cache/chroot"
mv "$work/root" "$cache/chroot"
