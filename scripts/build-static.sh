#!/usr/bin/env bash
# Builds the programs that run inside containers: assets/NAME/NAME-amd64 and NAME-arm64 from assets/NAME/NAME.c.
# Needs gcc for the machine's own architecture and Debian's cross compiler for the other one
# (gcc-aarch64-linux-gnu or gcc-x86-64-linux-gnu). The results are committed; nobody else needs a compiler.
set -euo pipefail
cd "$(dirname "$0")/../assets"

build() {
  local compiler=$1 name=$2 architecture=$3
  shift 3
  "$compiler" -Os -Wall -Wextra -Werror -std=gnu11 -ffreestanding -fno-stack-protector \
    -fno-asynchronous-unwind-tables -fno-ident -nostdlib -static -no-pie -s \
    -Wl,--build-id=none -Wl,-z,noseparate-code -Wl,-z,norelro -Wl,-z,noexecstack -Wl,-n \
    "$@" -o "$name/$name-$architecture" "$name/$name.c"
  chmod 0755 "$name/$name-$architecture"
}

for name in pause hold; do
  build x86_64-linux-gnu-gcc "$name" amd64 -fcf-protection=none
  build aarch64-linux-gnu-gcc "$name" arm64
done
