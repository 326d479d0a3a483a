#!/usr/bin/env bash
# Tests of a whole machine: Debian with systemd and cgroup v2 under qemu, power cuts, wrong clocks. About half an hour.
# Not part of `npm test`. Without qemu (and without the right to install it) they are skipped, with the reason.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
bash scripts/prepare.sh test
export PATH="$PWD/node_modules/.bin:$PATH"
if bash scripts/prepare.sh vm; then bash scripts/vm/make-guest.sh; fi
node scripts/build.ts
exec node scripts/tests/run.ts vm
