#!/usr/bin/env bash
# What needs no running: types, lint and format, dead code, unused packages, import cycles.
# Which folder may import which is test/architecture.test.ts.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
tsc --noEmit -p .
biome check --diagnostic-level=error .
knip
