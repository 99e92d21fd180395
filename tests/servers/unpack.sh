#!/bin/sh
# Unpack Debian's Cyrus and Courier for the tests into a folder, without installing them: as packages, they and
# Dovecot exclude each other. Nothing outside the folder changes. tests/servers/unpacked.py reads it.
set -eu
root=${1:-${TRAIL_TEST_SERVERS:-/var/tmp/trail-test-servers}}
command -v apt-get >/dev/null || { echo "unpack.sh: only Debian's packages are known here" >&2; exit 1; }
[ ! -e "$root/complete" ] || exit 0
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
cd "$packages"
for server in cyrus-imapd courier-imap; do
  # -s only tells what would be installed: the server, and those of its libraries that are not here
  apt-get install -s --no-install-recommends "$server" | awk '/^Inst/ && $2 !~ /^(exim4|gawk|db.*-util|libclamav)/ {print $2}' >>names
done
sort -u names | xargs apt-get download -qq 2>/dev/null
mkdir -p "$root"
chmod 755 "$root"
for package in *.deb; do dpkg-deb -x "$package" "$root"; done
touch "$root/complete"
