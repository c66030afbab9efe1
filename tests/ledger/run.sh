#!/bin/sh
# tests/ledger/run.sh [TALLY]: the ledger from outside, one script after another. Needs build/ (./test makes it).
# Each script is called with the build directory and a file for its «passed failed»; one more is one more line.
set -u
cd "$(dirname "$0")/../.."
tally=${1:-/dev/null}
one=$(mktemp)
trap 'rm -f "$one"' EXIT
passed=0 failed=0
ninja -C build --quiet onevisit tests/logtool tests/ledger_load tests/libledger_fault.so tests/forger || exit 1

for script in \
  tests/ledger/directory.py \
  tests/ledger/crash.py \
  tests/ledger/publish.py \
  tests/ledger/witness.py \
  tests/ledger/sigsum.py \
; do
  echo "-- $script"
  : >"$one"
  if python3 "$script" build "$one"; then ok=1; else ok=0; fi
  if read -r p f <"$one" && [ -n "$p" ]; then :; else p=$ok f=$((1 - ok)); fi
  [ $ok = 0 ] && [ "$f" = 0 ] && f=1
  passed=$((passed + p)) failed=$((failed + f))
done

echo "$passed $failed" >"$tally"
[ "$failed" = 0 ]
