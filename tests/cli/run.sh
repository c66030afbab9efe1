#!/bin/sh
# run.sh TALLY: the command line as its users meet it. Writes «passed failed» into TALLY.
set -u
cd "$(dirname "$0")/../.."
root=$PWD
program=${ONEVISIT:-$root/build/onevisit}
dir=$(mktemp -d "${TMPDIR:-/tmp}/onevisit-cli-XXXXXX")
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null; fi; rm -rf "$dir"' EXIT
passed=0 failed=0
LANG=en_US.UTF-8
LC_ALL=
export LANG LC_ALL

# check WHAT STATUS COMMAND…: the command ends with the status; its output is in $dir/out and $dir/err
check() {
  what=$1 wanted=$2
  shift 2
  "$@" >"$dir/out" 2>"$dir/err"
  status=$?
  if [ $status = "$wanted" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $what: exit $status, not $wanted" >&2
    tail -3 "$dir/err" >&2
  fi
}

# says WHAT FILE TEXT: the last output or error holds the text
says() {
  if grep -qF -- "$3" "$dir/$2"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1: no «$3» in what it said: $(head -c 300 "$dir/$2")" >&2
  fi
}

start_server() { # STORE [OPTIONS…]
  "$program" serve --store "$1" --catalog catalogs/ningbo --listen 127.0.0.1:0 --sample >"$dir/log" 2>&1 &
  server=$!
  tries=0
  until grep -q '"listening"' "$dir/log"; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] && kill -0 $server 2>/dev/null || break
    sleep 0.1
  done
  port=$(sed -n 's/.*"port":"\([0-9]*\)".*/\1/p' "$dir/log")
}

stop_server() {
  kill "$server" 2>/dev/null
  wait "$server"
  stopped=$?
  server=
}

check "no subcommand" 2 "$program"
check "help" 0 "$program" --help
check "an unknown subcommand" 2 "$program" nonsense
says "an unknown subcommand" err "no subcommand"
for sub in check plan import export serve backup restore user ledger; do
  check "$sub --help" 0 "$program" $sub --help
  check "$sub --nonsense" 2 "$program" $sub --nonsense
done

check "check passes the sample city" 0 "$program" check catalogs/ningbo
check "check in Chinese" 0 "$program" check catalogs/ningbo --lang zh
says "check in Chinese" out "没有发现错误"
check "check of no folder" 2 "$program" check "$dir/none"
cp -r catalogs/ningbo "$dir/city"
sed -i 's/^limits: {statutory: 10wd, promised: 5wd}/limits: {statutory: 10wd, promised: 25wd}/' "$dir/city/items/food-business-licence.yaml"
check "check finds a promise over the law" 1 "$program" check "$dir/city"
says "check names the place" out "items/food-business-licence.yaml:11:37:"
says "check names the rule" out "promise-over-statutory"
check "serve refuses a broken catalogue" 2 "$program" serve --store "sqlite:$dir/broken.db" --catalog "$dir/city" --listen 127.0.0.1:0
says "serve names the place" err "items/food-business-licence.yaml:11:37:"

restaurant="--answer has_company=false --answer area=320 --answer premises_owned=false --answer food_kind=hot --answer cold_dishes=true
 --answer signboard=true --answer gas=true --answer sewage=true --answer delivery_only=false --answer staff_certified=true"
check "plan" 0 "$program" plan catalogs/ningbo open-a-restaurant $restaurant --lang en
says "plan" out "Trips: 0 when applied for online, 1 at a window"
check "plan as JSON" 0 "$program" plan catalogs/ningbo open-a-restaurant $restaurant --json
cp "$dir/out" "$dir/plan.json"
check "the JSON is JSON" 0 python3 -m json.tool "$dir/plan.json"
check "plan as SVG" 0 "$program" plan catalogs/ningbo open-a-restaurant $restaurant --svg
says "plan as SVG" out "<svg"
check "plan of an unknown thing" 2 "$program" plan catalogs/ningbo open-a-moon
check "plan without an answer" 2 "$program" plan catalogs/ningbo open-a-restaurant --answer area=320
check "plan with a wrong answer" 2 "$program" plan catalogs/ningbo open-a-restaurant $restaurant --answer area=many

start_server "sqlite:$dir/city.db"
check "the service answers" 0 curl -sf --max-time 5 "http://127.0.0.1:$port/healthz"
check "a second writer is refused" 3 "$program" serve --store "sqlite:$dir/city.db" --listen 127.0.0.1:0
says "a second writer is refused" err "onevisit:"
check "a port in use is refused" 3 "$program" serve --store "sqlite:$dir/other.db" --listen "127.0.0.1:$port"
sleep 1
check "verify while the service runs" 0 "$program" ledger verify --store "sqlite:$dir/city.db"
says "verify" out "The ledger is intact"
check "backup while the service runs" 0 "$program" backup --store "sqlite:$dir/city.db" "$dir/city.ovb"
curl -sf "http://127.0.0.1:$port/log/checkpoint" >"$dir/checkpoint" || true
stop_server
[ "$stopped" = 0 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAILED: SIGTERM ends with $stopped" >&2; }

check "restore" 0 "$program" restore --store "sqlite:$dir/again.db" "$dir/city.ovb"
check "what was restored is intact" 0 "$program" ledger verify --store "sqlite:$dir/again.db"
check "restore over something is refused" 2 "$program" restore --store "sqlite:$dir/again.db" "$dir/city.ovb"
python3 - "$dir/city.ovb" "$dir/bad.ovb" <<'PY'
import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[len(b) // 2] ^= 1; open(sys.argv[2], "wb").write(b)
PY
"$program" restore --store "sqlite:$dir/bad.db" "$dir/bad.ovb" >"$dir/out" 2>"$dir/err" && { failed=$((failed + 1)); echo "FAILED: a damaged backup was taken" >&2; } || passed=$((passed + 1))
[ -e "$dir/bad.db" ] && { failed=$((failed + 1)); echo "FAILED: a damaged backup left a store" >&2; } || passed=$((passed + 1))

python3 - "$dir/city.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("UPDATE events SET actor = 'staff:eve' WHERE seq = 7"); db.commit()
PY
check "a changed event is found" 1 "$program" ledger verify --store "sqlite:$dir/city.db"
says "a changed event is named" err "Event 7:"
check "a changed event, as JSON" 1 "$program" ledger verify --store "sqlite:$dir/city.db" --json
says "a changed event, as JSON" out '"intact":false'

python3 - "$dir/again.db" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1]); db.execute("INSERT INTO schema_migrations SELECT room, 999, checksum, applied FROM schema_migrations LIMIT 1"); db.commit()
PY
check "a store newer than the program is refused" 3 "$program" serve --store "sqlite:$dir/again.db" --listen 127.0.0.1:0
says "a newer store" err "newer"
check "a store that is nowhere" 3 "$program" ledger verify --store "sqlite:$dir/none/none.db"
check "a store of an unknown kind" 2 "$program" ledger verify --store "oracle:x"

printf '%s\n' "$passed $failed" >"${1:-/dev/stdout}"
[ "$failed" = 0 ]
