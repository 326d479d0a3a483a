#!/usr/bin/env bash
# Tests of the Debian packages: installed, upgraded with pods running, removed and purged in a chroot; those for arm64 under
# qemu. Two minutes, and a third at the first time. Not part of `npm test`, which looks into the packages only.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
bash scripts/prepare.sh test
bash scripts/prepare.sh package
export PATH="$PWD/node_modules/.bin:$PATH"
bash scripts/package/make-chroot.sh
node scripts/build.ts
exec node scripts/tests/run.ts packages
