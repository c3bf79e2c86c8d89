#!/bin/sh
# Fetches the mail servers of the tests, as root on Debian, and does nothing that is done already.
# Dovecot, whose submission service gives TLS and AUTH, is installed. Of Postfix and Exim, which
# cannot be installed beside OpenSMTPD, the packages are unpacked into a folder. The tests do not use
# the services that Debian may start: they start their own, on free ports.
set -eu
cd "$(dirname "$0")/../internal/servers"
PATH=$PATH:/usr/sbin

have_dovecot() {
	command -v dovecot >/dev/null && ls /usr/lib/dovecot/submission >/dev/null 2>&1
}

if have_dovecot && [ -d debian ]; then
	exit
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "setup: the tests of smtpmail need Dovecot 2.3 with its submission service, Postfix 3.7" >&2
	echo "and Exim 4.96, as this script takes them from Debian, as root." >&2
	exit 1
fi

install="apt-get install -qy --no-install-recommends --no-remove"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
have_dovecot || $install dovecot-submissiond

rm -rf debian.new && mkdir debian.new && cd debian.new
apt-get download -q postfix exim4-daemon-light
for package in *.deb; do
	# shellcheck disable=SC2046 # several packages
	$install $(dpkg-deb -f "$package" Depends | tr , '\n' | sed 's/(.*//; s/|.*//' | grep '^ *lib')
	dpkg -x "$package" .
	rm "$package"
done
cd .. && rm -rf debian && mv debian.new debian
