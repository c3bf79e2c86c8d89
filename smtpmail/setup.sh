#!/bin/sh
# Fetches Dovecot, whose submission service gives the tests TLS and AUTH. It installs it only where
# it can, on Debian as root, and does nothing that is done already. The tests do not use the
# service that Debian may start: they start their own, on free ports.
set -eu
PATH=$PATH:/usr/sbin

if ! { command -v dovecot && ls /usr/lib/dovecot/submission; } >/dev/null 2>&1; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "setup: the tests of smtpmail need Dovecot 2.3 with its submission service." >&2
		echo "On Debian and Ubuntu: sudo apt-get install dovecot-submissiond" >&2
		exit 1
	fi

	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends --no-remove \
		dovecot-submissiond
fi
