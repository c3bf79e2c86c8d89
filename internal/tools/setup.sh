#!/bin/sh
# Fetches the npm packages of package-lock.json, unless they are there.
set -eu
cd "$(dirname "$0")"

if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/installed.json
fi
