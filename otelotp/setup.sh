#!/bin/sh
# Makes sure that Prometheus is there for the tests of the dashboard and the alert rules. It installs
# Prometheus only where it can, on Debian as root. The tests start a server of their own.
set -eu

command -v prometheus >/dev/null && command -v promtool >/dev/null && exit

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "setup: the tests need prometheus and promtool, 2.42 or later." >&2
	echo "On Debian and Ubuntu: sudo apt-get install --no-install-recommends prometheus" >&2
	exit 1
fi

# RUNLEVEL=1 keeps the package from starting a server.
apt-get update -q
RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends prometheus
