#!/bin/sh
# onevisit user: staff accounts from the command line, alone and beside a running service.
# usage: user_test.sh PATH-OF-ONEVISIT
set -u
onevisit=$1
source=${ONEVISIT_SOURCE:-.}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$work"' EXIT
failed=0
good="plum rain over the tide gate"
LC_ALL=en_US.UTF-8
export LC_ALL

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

user() {
  "$onevisit" user "$@" --store "sqlite:$work/city.db"
}
typed() { # PASSWORD ARGUMENTS…
  password=$1
  shift
  printf '%s\n' "$password" | user "$@" --stdin
}

expect "no verb is a mistake" 2 "Usage" user
expect "an unknown verb is a mistake" 2 "Usage" user promote root
expect "help is no mistake" 0 "Usage" "$onevisit" user --help
expect "a store that is not there has no list" 3 "." user list
expect "the first administrator" 0 "Done: root" typed "$good" add root --name 管理员 --role admin --agency centre
expect "a second of the name is refused" 2 "exists already" typed "$good" add root --name 管理员 --role admin --agency centre
expect "a weak password is refused" 2 "commonest" typed 1234567890 add chen --name 陈静 --role clerk --agency centre
expect "and has made nothing" 0 "^root	管理员	centre	admin	enabled$" user list
expect "an empty password is refused" 2 "at least 10" typed "" add chen --name 陈静 --role clerk --agency centre
expect "no line at all is refused" 2 "No password" sh -c '"$0" user add chen --name C --role clerk --agency centre --stdin --store "$1" </dev/null' "$onevisit" "sqlite:$work/city.db"
expect "without a terminal it points to --stdin" 2 "use --stdin" setsid -w "$onevisit" user passwd root --store "sqlite:$work/city.db"
expect "an unknown role is refused" 2 "Roles are" typed "$good" add chen --name 陈静 --role mayor --agency centre
expect "an officer needs a department" 2 "belongs to a department" typed "$good" add chen --name 陈静 --role officer --agency centre
expect "a name is needed" 2 "A name has" typed "$good" add chen --role clerk --agency centre
expect "two roles" 0 "Done: chen" typed "$good" add chen --name 陈静 --role clerk,issuer --agency centre
expect "are listed" 0 "^chen	陈静	centre	clerk,issuer	enabled$" user list
expect "other roles" 0 "Done" user roles chen --role clerk --role supervisor
expect "are listed too" 0 "^chen	陈静	centre	clerk,supervisor	enabled$" user list
expect "a new password" 0 "Done" typed "another set of words" passwd chen
expect "disabled" 0 "Done" user disable chen
expect "and listed so" 0 "^chen	陈静	centre	clerk,supervisor	disabled$" user list
expect "enabled again" 0 "Done" user enable chen
expect "nobody is not found" 2 "no such account" user disable nobody
expect "a bad login name is refused" 2 "login name has" user disable "no body"
expect "in Chinese" 2 "没有这个账号" user disable nobody --lang zh

# beside the service; the new staff can sign in
"$onevisit" check "$source/catalogs/ningbo" --publish --proof "$work/proof.json" >/dev/null 2>&1
"$onevisit" serve --store "sqlite:$work/city.db" --catalog "$source/catalogs/ningbo" --proof "$work/proof.json" --listen 127.0.0.1:0 2>"$work/log" &
server=$!
port=
for try in $(seq 100); do
  port=$(sed -n 's/.*"port":"\([0-9]*\)".*/\1/p; s/.*port=\([0-9]*\).*/\1/p' "$work/log" | head -1)
  [ -z "$port" ] || break
  sleep 0.1
done
if [ -z "$port" ]; then
  echo "not ok: the service did not start:"
  cat "$work/log"
  failed=1
else
  expect "beside the service nothing is written" 3 "stop the service first" user disable chen
  expect "but the list can be read" 0 "^chen	陈静	centre	clerk,supervisor	enabled$" user list
  url=http://127.0.0.1:$port
  csrf=$(curl -s --noproxy '*' -c "$work/jar" "$url/sign-in" | sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' | head -1)
  expect "chen signs in with the new password" 0 "^303 $url/account$" curl -s --noproxy '*' -b "$work/jar" -c "$work/jar" -o /dev/null \
    -w '%{http_code} %{redirect_url}\n' --data-urlencode "csrf=$csrf" --data-urlencode "login=chen" \
    --data-urlencode "password=another set of words" --data-urlencode "return=/account" "$url/sign-in"
  expect "and sees the own account" 0 "陈静" curl -s --noproxy '*' -b "$work/jar" "$url/account"
  kill "$server"
  wait "$server"
  server=
  expect "after it, what was written without it is sealed" 0 "intact" "$onevisit" ledger verify --store "sqlite:$work/city.db"
fi
exit $failed
