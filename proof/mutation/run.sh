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
$GREMLINS unleash --dry-run --invert-logical --invert-loopctrl -E '^(memstore|otptest)/' -o gremlins.json . >/dev/null
$GO run "$here/main.go" gremlins.json
