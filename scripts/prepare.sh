#!/usr/bin/env bash
# Installs what is missing: npm packages, and Debian packages by the names given.
#   scripts/prepare.sh run    what eliotd needs: a container runtime and its network tools
#   scripts/prepare.sh test   and what the tests need on top
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
  npm ci --no-audit --no-fund --loglevel=error >&2
}

# packages whose program or file is missing
missing_packages() {
  if ! command -v containerd >/dev/null; then echo containerd; fi
  if ! command -v runc >/dev/null; then echo runc; fi
  if [ ! -x /usr/lib/cni/bridge ] && [ ! -x /opt/cni/bin/bridge ]; then echo containernetworking-plugins; fi
  if ! command -v iptables >/dev/null; then echo iptables; fi
  if ! command -v ip >/dev/null; then echo iproute2; fi
  # the program in the hello-world and test images
  if [ ! -x /bin/busybox ] || [ -L /bin/busybox ]; then echo busybox-static; fi
  if [ "$1" = test ]; then
    if ! command -v unzip >/dev/null; then echo unzip; fi
    if ! command -v docker-registry >/dev/null; then echo docker-registry; fi
    if ! command -v git >/dev/null; then echo git; fi
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
  # shellcheck disable=SC2086
  if ! "${apt[@]}" install -y --no-install-recommends $packages >/dev/null 2>&1; then
    "${apt[@]}" update >/dev/null
    "${apt[@]}" install -y --no-install-recommends $packages >/dev/null
  fi
}

install_npm_packages
install_debian_packages "${1:-run}"
