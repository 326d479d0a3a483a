#!/usr/bin/env bash
# Builds assets/pause/pause-amd64 and pause-arm64 from assets/pause/pause.c.
# Needs gcc for the machine's own architecture and Debian's cross compiler for the other one
# (gcc-aarch64-linux-gnu or gcc-x86-64-linux-gnu). The results are committed; nobody else needs a compiler.
set -euo pipefail
cd "$(dirname "$0")/../assets/pause"

build() {
  local compiler=$1 output=$2
  shift 2
  "$compiler" -Os -Wall -Wextra -Werror -std=gnu11 -ffreestanding -fno-stack-protector \
    -fno-asynchronous-unwind-tables -fno-ident -nostdlib -static -no-pie -s \
    -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack -Wl,-n \
    "$@" -o "$output" pause.c
  chmod 0755 "$output"
}

build x86_64-linux-gnu-gcc pause-amd64 -fcf-protection=none
build aarch64-linux-gnu-gcc pause-arm64
