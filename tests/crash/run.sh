#!/bin/sh
# tests/crash/run.sh [TALLY]: kill -9 under load, on SQLite and on a private PostgreSQL. Needs build/ (./test makes it).
set -eu
cd "$(dirname "$0")/../.."
ninja -C build --quiet tests/crash_load onevisit
if [ -z "${ONEVISIT_TEST_POSTGRES:-}${CRASH_BESIDE_POSTGRES:-}" ]; then
  export CRASH_BESIDE_POSTGRES=1
  exec sh tests/lib/pg.sh sh tests/crash/run.sh "$@"
fi
engine=$(mktemp) served=$(mktemp) status=0
trap 'rm -f "$engine" "$served"' EXIT
python3 tests/crash/crash.py build "$engine" || status=1
python3 tests/crash/served.py build "$served" || status=1
if read -r passed failed <"$engine" && read -r more less <"$served"; then
  echo "$((passed + more)) $((failed + less))" >"${1:-/dev/null}"
fi
exit $status
