#!/bin/sh
# Makes the servers of this folder ready to start: Java, Node.js and the npm packages of
# package-lock.json, PostgreSQL, MariaDB, Redis and OpenSMTPD. It installs programs only where it
# can, on Debian as root, never in place of others, and does nothing that is done already.
#
# Debian may start some of the servers as services. The tests do not use these: they start servers
# of their own, on free ports and empty data.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin

java_is_fit() {
	version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
	[ "${version:-0}" -ge 17 ]
}

have() {
	for program; do
		command -v "$program" >/dev/null || return 1
	done
}

have_postgres() {
	have psql && { have postgres initdb || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
}

missing=
java_is_fit || missing="$missing default-jre-headless"
have node npm || missing="$missing nodejs npm"
have_postgres || missing="$missing postgresql"
have mariadbd mariadb-install-db mariadb ||
	missing="$missing mariadb-server-core mariadb-client-core"
have redis-server redis-cli || missing="$missing redis-server"
have smtpd || missing="$missing opensmtpd"
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ] || ! have apt-get; then
		echo "setup: the tests need Java 17, Node.js 20 with npm, PostgreSQL 15, MariaDB 10.11," >&2
		echo "Redis 7 and OpenSMTPD 6.8, each or later. On Debian and Ubuntu:" >&2
		echo "sudo apt-get install$missing" >&2
		exit 1
	fi

	apt-get update -q
	# shellcheck disable=SC2086 # several packages
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends --no-remove $missing
	java_is_fit || { echo "setup: this system's default-jre-headless is too old" >&2; exit 1; }
fi

if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/installed.json
fi
