#!/bin/sh
# Makes sure that PostgreSQL and Redis are there for the tests. It installs them only where it can, on Debian as root.
# The tests start servers of their own; none of the system's is touched.
set -eu

missing=
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="postgresql"
command -v redis-server >/dev/null || missing="$missing redis-server"
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "setup: the tests need PostgreSQL and Redis 6.2 or later." >&2
		echo "On Debian and Ubuntu: sudo apt-get install $missing" >&2
		exit 1
	fi
	apt-get update -q
	# shellcheck disable=SC2086 # several packages
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
fi
