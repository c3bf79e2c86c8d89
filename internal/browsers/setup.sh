#!/bin/sh
# Makes ready what the tests of the pages need: Chromium, Firefox ESR, WebKitGTK with a display in
# memory, and the npm packages of package-lock.json. It installs browsers only where it can, on
# Debian as root, and does nothing that is done already.
set -eu
cd "$(dirname "$0")"

missing=
command -v firefox >/dev/null || command -v firefox-esr >/dev/null || missing="firefox-esr"
for program in chromium:chromium WebKitWebDriver:webkit2gtk-driver \
	xvfb-run:xvfb xauth:xauth dbus-run-session:dbus; do
	command -v "${program%:*}" >/dev/null || missing="$missing ${program#*:}"
done
if [ -n "$missing" ]; then
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "setup: the tests of the pages need browsers. On Debian: sudo apt-get install$missing" >&2
		exit 1
	fi
	apt-get update -q
	# shellcheck disable=SC2086 # several packages
	DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $missing \
		fonts-dejavu-core
fi

if ! cmp -s package-lock.json node_modules/installed.json; then
	npm ci --ignore-scripts --no-audit --no-fund
	cp package-lock.json node_modules/installed.json
fi
