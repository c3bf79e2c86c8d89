#!/bin/sh
# Checks version $1 of the published modules, whose folders follow, and writes it to the go.mod
# files of the repository. It takes the tree at HEAD, in a clone with the tags that the release will
# have: go fetches the modules from there, as anybody will from the public repository.
set -eu
version=$1; shift
path=github.com/seed-5978b5f1/otp

echo "$version" | grep -Eq '^v[01](\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z.-]+)?$' || {
	echo "release: want a version of major 0 or 1, such as VERSION=v0.1.0, not \"$version\"" >&2
	exit 1
}

cd "$(git rev-parse --show-toplevel)"
root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
gorelease=$(go tool -modfile=internal/tools/go.mod -n gorelease)

tag() { echo "$1/$version" | sed 's,^\./,,'; }

# require_version makes each module of the repository in $1 require the version of the others.
require_version() {
	(cd "$1" && git ls-files go.mod '*/go.mod') | while read -r file; do
		for required in $(grep -o "$path[^ ]* v" "$1/$file" | cut -d' ' -f1); do
			go mod edit -require="$required@$version" "$1/$file"
		done
	done
}

# commit commits all changes of the clone.
commit() {
	git -C "$clone" -c user.name=release -c user.email=release@localhost \
		commit --allow-empty -qam "$version"
}

clone=$scratch/clone
git clone -q "$root" "$clone"
require_version "$clone"
commit
released=$(git -C "$clone" rev-parse HEAD)
for module; do git -C "$clone" tag "$(tag "$module")"; done

# The cache is one of its own: what is fetched from the clone must not stay in that of the machine.
# All other modules come from the machine's, or from where they come without.
GOPROXY=file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)
export GOPROXY GOPRIVATE="$path" GOMODCACHE="$scratch/cache" GOFLAGS="-mod=mod -modcacherw" \
	GOWORK=off GIT_CONFIG_COUNT=1 GIT_CONFIG_VALUE_0="https://$path" \
	GIT_CONFIG_KEY_0="url.file://$clone.insteadOf"

# A program of somebody else runs: that of the README, and every module linked to it.
mkdir "$scratch/program"
cd "$scratch/program"
cp "$root/examples/quickstart/main.go" .
echo "package main" >all.go
go mod init example.com/hello
for module; do
	package=$path${module#.}
	[ "$module" = . ] || package=$path/$module
	go get "$package@$version"
	echo "import _ \"$package\"" >>all.go
done
go vet .
go run . </dev/null | grep 'your code is [0-9]\{6\}$'
if grep replace go.mod; then exit 1; fi

for module; do
	echo "# gorelease -version=$version in $module"
	cd "$clone/$module"
	for replaced in $(grep -o "$path[^ ]* =>" go.mod | cut -d' ' -f1); do
		go mod edit -dropreplace="$replaced"
	done
	go mod tidy # go.sum lacks the sums of replaced modules
	commit
	git -C "$clone" tag -d "$(tag "$module")" # gorelease refuses what is there already
	"$gorelease" -version="$version"
	git -C "$clone" tag "$(tag "$module")" "$released"
done

require_version "$root"
echo "All modules can be released. Commit the go.mod files, then run:"
for module; do echo "git tag $(tag "$module")"; done
echo "git push origin$(for module; do printf ' %s' "$(tag "$module")"; done)"
