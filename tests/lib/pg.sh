#!/bin/sh
# pg.sh: runs a command beside a private PostgreSQL cluster of its own, which goes when the command ends.
#
#   tests/lib/pg.sh ninja -C build test
#
# The command finds the cluster in ONEVISIT_TEST_POSTGRES (a superuser, on a free port of the loopback, in a
# temporary directory, fsync on as in production). Run by root it starts the server as the user «postgres»,
# which initdb demands. ONEVISIT_TEST_PG_CTL is the start of a command that stops and starts it (… restart -m immediate).
# Where PostgreSQL is not installed it says so and runs the command without it.
set -eu

bin=
for found in "${PGBIN:-}" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
  if [ -n "$found" ] && [ -x "$found/initdb" ]; then
    bin=$found
    break
  fi
done
if [ -z "$bin" ]; then
  echo "pg.sh: no PostgreSQL here: its tests are left out" >&2
  exec "$@"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/onevisit-pg-XXXXXX")
as() { "$@"; }
if [ "$(id -u)" = 0 ]; then
  chown postgres "$dir"
  as() { runuser -u postgres -- "$@"; }
fi

stop() {
  status=$?
  trap - EXIT INT TERM
  (cd / && as "$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$dir"
  exit "$status"
}
trap stop EXIT INT TERM

(cd / && as "$bin/initdb" -D "$dir/data" -U onevisit -A trust -E UTF8 --locale=C.UTF-8 -N >"$dir/initdb.log" 2>&1) || {
  cat "$dir/initdb.log" >&2
  exit 1
}

# A port may be taken between looking and listening: then try another.
started=
for try in 1 2 3 4 5; do
  port=$((20000 + ($$ * 7 + try * 977 + $(date +%s)) % 12000))
  options="-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories='' -c fsync=on -c shared_buffers=64MB -c max_connections=200 ${ONEVISIT_TEST_POSTGRES_OPTIONS:-}"
  if (cd / && as "$bin/pg_ctl" -D "$dir/data" -l "$dir/data/server.log" -o "$options" -w -t 60 start >/dev/null 2>&1); then
    started=yes
    break
  fi
done
if [ -z "$started" ]; then
  cat "$dir/data/server.log" >&2
  exit 1
fi

ONEVISIT_TEST_POSTGRES="postgresql://onevisit@127.0.0.1:$port/postgres"
export ONEVISIT_TEST_POSTGRES
ONEVISIT_TEST_PG_CTL="$bin/pg_ctl -D $dir/data -l $dir/data/server.log -w -s"
[ "$(id -u)" != 0 ] || ONEVISIT_TEST_PG_CTL="runuser -u postgres -- $ONEVISIT_TEST_PG_CTL"
export ONEVISIT_TEST_PG_CTL
"$@"
