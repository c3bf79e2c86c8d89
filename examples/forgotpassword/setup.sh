#!/bin/sh
# Makes ready what the tests need beside Go: Chromium and the npm packages of package-lock.json. It installs Chromium
# only where it can, on Debian as root, and does nothing that is done already.
set -eu
cd "$(dirname "$0")"

if ! command -v chromium >/dev/null; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "setup: the tests need Chromium. On Debian: sudo apt-get install chromium" >&2
		exit 1
	fi
	apt-get update -q
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium fonts-dejavu-core
fi

if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/installed.json
fi
