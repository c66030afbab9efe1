#!/bin/sh
# htmlc_test.sh HTMLC: what the template compiler takes and what it refuses.
# Each templates/bad/*.html begins with «{# expect LINE: REASON #}»; the compiler must say «FILE:LINE: …REASON…» and fail.
set -u
htmlc=$1
here=$(cd "$(dirname "$0")" && pwd)
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
passed=0 failed=0

for file in "$here"/templates/good/*.html; do
  if "$htmlc" -o "$out/t.c" -H "$out/t.h" "$file" 2>"$out/said" && [ ! -s "$out/said" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "refused, but it is good: $(cat "$out/said")"
  fi
done

for file in "$here"/templates/bad/*.html; do
  expect=$(sed -n '1s/^{# expect \(.*\) #}$/\1/p' "$file")
  line=${expect%%:*} reason=${expect#*: }
  if "$htmlc" -o "$out/t.c" -H "$out/t.h" "$file" 2>"$out/said"; then
    failed=$((failed + 1))
    echo "$file: taken, but it is bad: $expect"
  elif grep -qF -- "$file:$line: " "$out/said" && grep -qF -- "$reason" "$out/said" && [ -n "$reason" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$file: wanted «$expect», got: $(cat "$out/said")"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 30 ]
