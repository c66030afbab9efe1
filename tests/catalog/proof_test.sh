#!/bin/sh
# onevisit check: the person for whom a promise fails, the negative list, persons kept.
# usage: proof_test.sh PATH-OF-ONEVISIT
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

negative() { # PROPERTY REVIEW
  cat >"$work/town/negative.yaml" <<END
- {thing: restaurant, property: $1, reason: {zh: 原因, en: because}, owner: market, review: $2}
END
}

cp -R "$source/tests/catalog/good" "$work/town"
expect "one trip is promised online only, and proved" 0 "properties proved" "$onevisit" check "$work/town" --lang en
sed -i '/^promise/d' "$work/town/things/restaurant.yaml"
expect "promised at the window too, it fails for a person" 1 "Do you have a licence? no: 2 trips: trip 1 (day 0) handing in" \
  "$onevisit" check "$work/town" --lang en
expect "told in Chinese" 1 "已有营业执照：否：要跑 2 趟：第 1 趟" "$onevisit" check "$work/town" --lang zh
expect "as JSON, with what matters" 1 '"outcome":"failed","by":"solver","person":{.*"matters":\["has_company"\]' \
  "$onevisit" check "$work/town" --json
expect "a thing by itself" 1 "one-trip-window" "$onevisit" check "$work/town" --thing restaurant --lang en
expect "no such thing" 2 "no thing 'cinema'" "$onevisit" check "$work/town" --thing cinema --lang en
"$onevisit" check "$work/town" --keep "$work/kept.yaml" >/dev/null
negative one-trip-window 2099-01-01
expect "on the negative list it passes, and is said" 0 "negative list \[one-trip-window\] Do you have a licence? no" \
  "$onevisit" check "$work/town" --lang en
negative one-trip-window 2020-01-01
expect "an entry whose review is overdue" 1 "negative-overdue" "$onevisit" check "$work/town"
negative one-trip-window 2099-01-01
sed -i 's/one-trip-window/outcome/' "$work/town/negative.yaml"
expect "an entry that is not needed" 1 "negative-unneeded" "$onevisit" check "$work/town"
negative happiness 2099-01-01
expect "an entry of no property" 1 "negative-unknown" "$onevisit" check "$work/town"
negative one-trip-window 2099-01-01
mkdir "$work/town/persons"
cp "$work/kept.yaml" "$work/town/persons/restaurant.one-trip-window.yaml"
expect "a person kept, who still fails" 0 "nothing found" "$onevisit" check "$work/town" --lang en
sed -i 's/^fails: true/fails: false/' "$work/town/persons/restaurant.one-trip-window.yaml"
expect "a person who was well served before" 1 "person-fails" "$onevisit" check "$work/town"
rm "$work/town/negative.yaml"
sed -i '/why: examination/d; s/^presence:$/presence: []/' "$work/town/items/food.yaml"
expect "mended, the person stays as a case" 0 "nothing found" "$onevisit" check "$work/town" --lang en
sed -i 's/^fails: false/fails: true/' "$work/town/persons/restaurant.one-trip-window.yaml"
expect "and is told of where the file says otherwise" 1 "person-mended" "$onevisit" check "$work/town"
mkdir "$work/smt"
"$onevisit" check "$source/tests/catalog/good" --smt "$work/smt" >/dev/null
expect "questions as SMT-LIB" 0 "set-info :status" cat "$work/smt"/*.smt2
expect "a folder that is not there" 2 "cannot be written" "$onevisit" check "$source/tests/catalog/good" --smt "$work/none" --lang en
exit $failed
