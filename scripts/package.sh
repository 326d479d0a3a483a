#!/usr/bin/env bash
# The Debian packages for amd64 and arm64, from a fresh clone, into dist-packages: built, checked by lintian, weighed.
# Minutes, most of them to compress Node. Arguments are those of scripts/package.ts.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
bash scripts/prepare.sh package
export PATH="$PWD/node_modules/.bin:$PATH"
# The bundles say when they were built: with the commit, so that the same commit gives the same packages.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH
node scripts/build.ts >/dev/null
rm -rf dist-packages
node scripts/package.ts "$@"
lintian --allow-root --fail-on error,warning dist-packages/*.deb
