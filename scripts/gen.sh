#!/usr/bin/env bash
# Generates src/gen from proto/. Needs no network: buf and its plugin come from node_modules.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/.bin:$PATH"
find src/gen \( -path 'src/gen/cri/*' -o -path 'src/gen/containerd/*' \) -name '*.ts' -delete 2>/dev/null || true
cd proto
buf generate --template buf.gen.yaml
buf build --output -#format=json | node ../scripts/message-tables.ts ../src/gen
