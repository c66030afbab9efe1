#!/bin/sh
# tests/crash/run.sh [TALLY]: kill -9 under load, on SQLite and on a private PostgreSQL. Needs build/ (./test makes it).
set -eu
cd "$(dirname "$0")/../.."
ninja -C build --quiet tests/crash_load tests/libtest_clock.so onevisit
if [ -z "${ONEVISIT_TEST_POSTGRES:-}${CRASH_BESIDE_POSTGRES:-}" ]; then
  export CRASH_BESIDE_POSTGRES=1
  exec sh tests/lib/pg.sh sh tests/crash/run.sh "$@"
fi
work=$(mktemp -d) status=0
trap 'rm -rf "$work"' EXIT
for part in crash served desk; do
  python3 "tests/crash/$part.py" build "$work/$part" || status=1
done
cat "$work"/* | awk '{p += $1; f += $2} END {printf "%d %d\n", p, f}' >"${1:-/dev/null}"
exit $status
