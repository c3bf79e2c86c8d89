#!/bin/sh
# Makes the servers of this folder ready to start: Java, Node.js and the npm packages of package-lock.json. It installs
# Java and Node.js only where it can, on Debian as root, and does nothing that is done already.
set -eu
cd "$(dirname "$0")"

java_is_fit() {
	version=$(java -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
	[ "${version:-0}" -ge 17 ]
}

missing=
java_is_fit || missing="default-jre-headless"
command -v node >/dev/null && command -v npm >/dev/null || missing="$missing nodejs npm"
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "setup: the tests need Java 17 or later and Node.js 20 with npm." >&2
		echo "On Debian and Ubuntu: sudo apt-get install $missing" >&2
		exit 1
	fi
	apt-get update -q
	# shellcheck disable=SC2086 # several packages
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing
	java_is_fit || { echo "setup: default-jre-headless of this system is older than Java 17" >&2; exit 1; }
fi

if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/installed.json
fi
