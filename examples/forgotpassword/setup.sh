#!/bin/sh
# Makes ready what the tests need beside Go: the npm packages of package-lock.json. Browsers are made
# ready by internal/browsers/setup.sh. It does nothing that is done already.
set -eu
cd "$(dirname "$0")"

if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/installed.json
fi
