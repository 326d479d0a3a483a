#!/usr/bin/env bash
# What needs no running: types, lint and format, dependency rules, dead code.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
tsc --noEmit -p .
biome check --diagnostic-level=error .
