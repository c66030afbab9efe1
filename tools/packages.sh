#!/bin/sh
# packages.sh run|test: installs what is missing of Debian's (12) or Ubuntu's (24.04) packages; asks nothing.
set -eu

run="gcc libc6-dev meson ninja-build pkg-config curl
libmicrohttpd-dev libsqlite3-dev libpq-dev libssl-dev libjansson-dev libyaml-dev libcurl4-openssl-dev libexpat1-dev libargon2-dev zlib1g-dev libz3-dev
libqrencode-dev libcairo2-dev libpango1.0-dev fonts-noto-cjk fonts-hanazono"

# the browser without a desktop takes a third less of the processor; Ubuntu has none
browser=chromium
grep -q '^ID=debian' /etc/os-release 2>/dev/null && browser=chromium-headless-shell

test="$run cvc5 python3 python3-yaml python3-jsonschema clang libclang-rt-dev clang-format-14 clang-tidy-14 libcmocka-dev postgresql gettext git util-linux
nodejs $browser fonts-noto-color-emoji poppler-utils zbar-tools python3-aiosmtpd golang-go golang-golang-x-mod-dev"

eval "wanted=\$$1"
missing=
for package in $wanted; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done

# what is here by another way will do
for pair in nodejs:node npm:npm chromium:chromium chromium:google-chrome curl:curl git:git; do
  command -v "${pair#*:}" >/dev/null 2>&1 && missing=$(echo "$missing " | sed "s/ ${pair%%:*} / /")
done
[ "$1" = test ] && ! command -v npm >/dev/null 2>&1 && missing="$missing npm"

missing=$(echo $missing)
[ -z "$missing" ] && exit 0
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
echo "installing: $missing" >&2
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq >&2
# a PostgreSQL of the system's own is not wanted: the tests start a private one
[ "$1" = test ] && [ ! -e /etc/postgresql-common/createcluster.conf ] && {
  $as_root mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
}
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
