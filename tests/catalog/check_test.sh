#!/bin/sh
# onevisit check: exit status, places and languages, as a person at a terminal sees them.
# usage: check_test.sh PATH-OF-ONEVISIT
set -u
onevisit=$1
source=${ONEVISIT_SOURCE:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

expect() { # WHAT STATUS PATTERN COMMAND...
  what=$1 status=$2 pattern=$3
  shift 3
  "$@" >"$work/out" 2>&1
  got=$?
  if [ "$got" != "$status" ] || ! grep -q -- "$pattern" "$work/out"; then
    echo "not ok: $what: status $got, not $status, or no «$pattern» in:"
    cat "$work/out"
    failed=1
  else
    echo "ok: $what"
  fi
}

cp -R "$source/tests/catalog/good" "$work/town"
expect "a good catalogue passes" 0 "nothing found" "$onevisit" check "$work/town" --lang en
expect "in Chinese by default" 0 "没有发现错误" env -u LC_ALL -u LC_MESSAGES -u LANG "$onevisit" check "$work/town/"
expect "in English by LANG" 0 "nothing found" env -u LC_ALL -u LC_MESSAGES LANG=en_GB.UTF-8 "$onevisit" check "$work/town"
expect "JSON says it fits" 0 '^{"fit":true,"version":"[0-9a-f]\{64\}","counts":{"agencies":2,' "$onevisit" check --json "$work/town"
cp -R "$source/tests/catalog/bad/promise-over-statutory/items" "$work/town/"
expect "a finding has place, rule and fix" 1 \
  "^$work/town/items/food.yaml:12:13: promised 25 working days is over the statutory 20 \[promise-over-statutory\] — fix: " \
  "$onevisit" check "$work/town" --lang en
expect "and in Chinese" 1 "承诺 25 个工作日，超过法定的 20 个 \[promise-over-statutory\]" "$onevisit" check "$work/town" --lang zh
expect "and as JSON" 1 '"file":"items/food.yaml","line":12,"column":13,"rule":"promise-over-statutory","wrong":{"zh":' \
  "$onevisit" check "$work/town" --json
expect "a folder that is no catalogue is unusable" 2 "no catalogue" "$onevisit" check "$work" --lang en
expect "a folder that is not there is unusable" 2 "cannot be opened" "$onevisit" check "$work/none" --lang en
expect "no folder is a mistake" 2 "one folder" env LC_ALL=en_US.UTF-8 "$onevisit" check
expect "an unknown option is a mistake" 2 "nonsense" "$onevisit" check --nonsense "$work/town"
expect "an unknown language is a mistake" 2 "zh | en" "$onevisit" check --lang fr "$work/town"
expect "help is there" 0 "usage: onevisit check DIR" env LC_ALL=en_US.UTF-8 "$onevisit" check --help
expect "lint says what a reviewer would" 0 "nothing found" "$onevisit" lint "$source/catalogs/ningbo" --lang en
cp -R "$source/tests/catalog/good" "$work/vague"
sed -i 's/zh: 平面图, en: [^}]*}/zh: 其他材料, en: Plan}/' "$work/vague/materials.yaml"
expect "lint finds a catch-all clause" 1 "其他.*\[vague-wording\]" "$onevisit" lint "$work/vague" --lang zh
expect "lint as JSON" 1 '^{"clean":false,"findings":\[{"dir":' "$onevisit" lint "$work/vague" --json
expect "lint of no catalogue is unusable" 2 "cannot be opened" "$onevisit" lint "$work/none" --lang en
expect "lint has help" 0 "usage: onevisit lint DIR" env LC_ALL=en_US.UTF-8 "$onevisit" lint --help
expect "the list of commands names it" 0 "check " "$onevisit" --help
expect "an unknown command is a mistake" 2 "chekc" "$onevisit" chekc
"$onevisit" check "$work/none" >"$work/out" 2>/dev/null
[ -s "$work/out" ] && echo "not ok: messages are on stderr" && failed=1
exit $failed
