#!/usr/bin/env bash
# Every test, from a fresh clone: installs what is missing, builds, checks, then unit,
# integration (real containerd), end to end (real kubectl against the bundles) and docs.
#   npm test               everything
#   npm test -- unit e2e   some levels
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
bash scripts/prepare.sh test
export PATH="$PWD/node_modules/.bin:$PATH"
node scripts/build.ts
bash scripts/check.sh
exec node scripts/tests/run.ts "$@"
