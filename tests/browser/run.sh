#!/bin/sh
# tests/browser/run.sh [TALLY]: the program in a real browser. SCREENSHOTS=1 renews docs/screenshots; DEFECTS=FILE keeps what
# the pages lack. Needs build/onevisit (./test makes it), Node and Chromium; says so and passes where they are not there.
set -u
cd "$(dirname "$0")"
tally=${1:-/dev/null}
skip() {
  echo "browser: left out: $1"
  echo "0 0" >"$tally"
  exit 0
}
browser=${CHROMIUM:-}
for found in /usr/bin/chromium-headless-shell /usr/bin/chromium /usr/bin/google-chrome /usr/bin/chromium-browser; do
  [ -z "$browser" ] && [ -x "$found" ] && browser=$found
done
[ -n "$browser" ] || skip "no Chromium here (apt install chromium)"
command -v npm >/dev/null || skip "no Node here (apt install nodejs npm)"
ninja -C ../../build --quiet onevisit tests/libtest_clock.so || exit 1
if [ ! -d node_modules/playwright-core ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error || exit 1
fi
export CHROMIUM="$browser"
# Each journey has a program and a browser of its own and mostly waits for them: as many at once as there are processors.
journeys="
  restaurant.mjs
  ledger.mjs
  watch.mjs
  kiosk.mjs
  consult.mjs
  public.mjs
  hall.mjs
  project.mjs
  edit.mjs
  joint.mjs
  story.mjs
"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export work
status=0
printf '%s\n' $journeys | xargs -P "$(nproc)" -I '{}' sh -c \
  'TALLY=$work/counts node "$1" >"$work/$1.said" 2>&1 || : >"$work/failed"; echo "-- $1"; cat "$work/$1.said"' sh '{}' || status=1
[ -e "$work/failed" ] && status=1
touch "$work/counts"
awk '{p += $1; f += $2} END {printf "%d %d\n", p, f}' "$work/counts" >"$tally"
[ $status = 0 ] || awk '{f += $2} END {exit f == 0}' "$work/counts" || { read -r p f <"$tally"; echo "$p $((f + 1))" >"$tally"; }
exit $status
