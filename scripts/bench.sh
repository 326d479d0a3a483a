#!/usr/bin/env bash
# Measures the bundled programs on this machine and prints the table of the budgets.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
bash scripts/prepare.sh test
bash scripts/prepare.sh bench
export PATH="$PWD/node_modules/.bin:$PATH"
node scripts/build.ts >/dev/null
exec node --disable-warning=ExperimentalWarning bench/bench.ts "$@"
