#!/usr/bin/env bash
# Installs what is missing: npm packages, and Debian packages by the names given.
#   scripts/prepare.sh npm    the npm packages alone: enough to build
#   scripts/prepare.sh run    what eliotd needs: a container runtime and its network tools
#   scripts/prepare.sh test   and what the tests need on top
#   scripts/prepare.sh package  the npm packages, and what makes and checks Debian packages
#   scripts/prepare.sh vm     what the tests of a whole machine need
#   scripts/prepare.sh bench  what the benchmark compares with
# It removes nothing and starts nothing: services that a package would start are held back.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

say() { printf '%s\n' "$*" >&2; }

install_npm_packages() {
  if [ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ] \
    && [ -x node_modules/.bin/node ]; then
    return
  fi
  say "• installing npm packages (this takes a minute)"
  # What builds and tests are development packages; NODE_ENV=production would leave them out.
  npm ci --include=dev --no-audit --no-fund --loglevel=error >&2
}

# The program in the hello-world and test images; a dynamic one would not find its libraries there.
has_static_busybox() {
  [ -x .cache/busybox/bin/busybox ] || { [ -x /bin/busybox ] && ! ldd /bin/busybox >/dev/null 2>&1; }
}

# packages whose program or file is missing
missing_packages() {
  if [ "$1" = npm ]; then return; fi
  if [ "$1" = bench ]; then
    if ! command -v rsync >/dev/null; then echo rsync; fi
    return
  fi
  if [ "$1" = package ]; then
    if ! command -v x86_64-linux-gnu-strip >/dev/null; then echo binutils-x86-64-linux-gnu; fi
    if ! command -v aarch64-linux-gnu-strip >/dev/null; then echo binutils-aarch64-linux-gnu; fi
    # to run the Node of the other architecture, with its libraries
    if ! command -v qemu-aarch64-static >/dev/null; then echo qemu-user-static; fi
    if [ ! -e /usr/aarch64-linux-gnu/lib/libstdc++.so.6 ]; then echo libstdc++6-arm64-cross; fi
    if ! command -v lintian >/dev/null; then echo lintian; fi
    # to install packages in a Debian of its own
    if ! command -v mmdebstrap >/dev/null; then echo mmdebstrap; fi
    return
  fi
  if ! command -v containerd >/dev/null; then echo containerd; fi
  if ! command -v runc >/dev/null; then echo runc; fi
  if [ ! -x /usr/lib/cni/bridge ] && [ ! -x /opt/cni/bin/bridge ]; then echo containernetworking-plugins; fi
  if ! command -v iptables >/dev/null; then echo iptables; fi
  if ! command -v ip >/dev/null; then echo iproute2; fi
  if ! has_static_busybox; then echo busybox-static; fi
  if [ "$1" = test ]; then
    if ! command -v unzip >/dev/null; then echo unzip; fi
    if ! command -v docker-registry >/dev/null; then echo docker-registry; fi
    if ! command -v skopeo >/dev/null; then echo skopeo; fi
    if ! command -v tmux >/dev/null; then echo tmux; fi
    if ! command -v zsh >/dev/null; then echo zsh; fi
    if ! command -v fish >/dev/null; then echo fish; fi
    if ! command -v git >/dev/null; then echo git; fi
    if ! command -v avahi-daemon >/dev/null; then echo avahi-daemon; fi
    if ! command -v avahi-browse >/dev/null; then echo avahi-utils; fi
    if ! command -v dbus-daemon >/dev/null; then echo dbus; fi
    if ! command -v readelf >/dev/null; then echo binutils; fi
    if ! command -v lintian >/dev/null; then echo lintian; fi
    if [ ! -x /usr/bin/python3 ]; then echo python3-minimal; fi
  fi
  if [ "$1" = vm ]; then
    if ! command -v qemu-system-x86_64 >/dev/null; then echo qemu-system-x86; fi
    if ! command -v mmdebstrap >/dev/null; then echo mmdebstrap; fi
    if ! command -v mke2fs >/dev/null; then echo e2fsprogs; fi
  fi
}

install_debian_packages() {
  local packages
  packages=$(missing_packages "$1" | sort -u | tr '\n' ' ')
  if [ -z "${packages// /}" ]; then return; fi
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "✘ missing: $packages"
    say "  install them with your package manager (Debian, Ubuntu: sudo apt-get install $packages), then try again"
    exit 1
  fi
  say "• installing Debian packages: $packages"
  # policy-rc.d is Debian's own way to keep maintainer scripts from starting services
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  # Debian's dynamic busybox, which its initramfs wants, would be removed for the static one: that is only unpacked.
  if [ -x /bin/busybox ] && [[ " $packages" = *" busybox-static "* ]]; then
    packages=${packages/busybox-static /}
    unpack_static_busybox >/dev/null 2>&1 || { "${apt[@]}" update >/dev/null && unpack_static_busybox >/dev/null; }
  fi
  if [ -z "${packages// /}" ]; then return; fi
  # shellcheck disable=SC2086
  if ! "${apt[@]}" install -y --no-install-recommends --no-remove $packages >/dev/null 2>&1; then
    "${apt[@]}" update >/dev/null
    "${apt[@]}" install -y --no-install-recommends --no-remove $packages >/dev/null
  fi
}

# into .cache/busybox, where busybox-image.ts looks first
unpack_static_busybox() (
  mkdir -p .cache/busybox-download
  cd .cache/busybox-download
  # apt's own user may not write here, and need not
  apt-get -qq -o APT::Sandbox::User=root download busybox-static
  dpkg-deb -x busybox-static_*.deb ../busybox
  cd ..
  rm -rf busybox-download
  if [ ! -e busybox/bin/busybox ]; then mkdir -p busybox/bin && cp busybox/usr/bin/busybox busybox/bin/busybox; fi
)

install_npm_packages
install_debian_packages "${1:-run}"
