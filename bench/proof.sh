#!/bin/sh
# How long proving takes, by the size of a generated catalogue: items, things, seconds in all, resident memory.
# usage: bench/proof.sh [PATH-OF-ONEVISIT]
set -eu
onevisit=${1:-build/onevisit}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for items in 1000 3000 10000; do
  things=$((items * 3 / 20))
  python3 tests/catalog/national.py --items $items --things $things --questions 60 "$work/$items" >/dev/null
  python3 - "$onevisit" "$work/$items" $items $things <<'END'
import resource, subprocess, sys, time
onevisit, city, items, things = sys.argv[1:]
start = time.time()
done = subprocess.run([onevisit, "check", city, "--time", "--lang", "en"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
use = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{items} items, {things} things: {time.time() - start:.1f} s ({use.ru_utime + use.ru_stime:.1f} s of one core), "
      f"{use.ru_maxrss // 1024} MB; {done.stderr.strip()}")
END
done
