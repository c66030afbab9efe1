#!/bin/sh
# tests/crash/run.sh [TALLY]: kill -9 under load, on SQLite and on a private PostgreSQL. Needs build/ (./test makes it).
set -eu
cd "$(dirname "$0")/../.."
ninja -C build --quiet tests/crash_load onevisit
tally=${1:-/dev/null}
if [ -n "${ONEVISIT_TEST_POSTGRES:-}" ]; then
  exec python3 tests/crash/crash.py build "$tally"
fi
exec sh tests/lib/pg.sh python3 tests/crash/crash.py build "$tally"
