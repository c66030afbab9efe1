#!/bin/sh
# tests/cli/run.sh [TALLY]: the command line as its users meet it. Needs build/ (./test makes it).
set -eu
cd "$(dirname "$0")/../.."
ninja -C build --quiet onevisit
exec python3 tests/cli/cli.py build/onevisit "${1:-/dev/null}"
