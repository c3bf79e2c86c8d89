#!/bin/sh
# Mutation testing of the root package, in a copy of it. Prints the survivors and the share of mutants killed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cd "$here/../.."
cp -r ./*.go go.mod go.sum memstore otptest "$copy"
cd "$copy"
GOFLAGS="-skip=$SLOW"
export GOFLAGS
$GREMLINS unleash --invert-logical --invert-loopctrl --workers 2 --test-cpu 1 --timeout-coefficient 10 \
	-E '^(memstore|otptest)/' -S lt -o gremlins.json .
# Gremlins takes the conditions of cases and constants for code that no test runs. These mutants get their turn here.
$GO run "$here/main.go" gremlins.json
