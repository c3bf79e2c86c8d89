#!/bin/sh
# libphonenumber: the national format of a valid number of Gabon parses as another valid number.
#
# One would guess that formatting for the country and parsing in the country gives the number back.
# Numbers of seven digits are of the plan before 2019, and still valid to the library.
#
# Seen with google-libphonenumber 3.2.47 and github.com/nyaruka/phonenumbers v1.8.1: +2413113675 is
# formatted as 03 11 36 75, which parses as +24103113675. Both are valid, and their E.164 forms
# differ, so an application that stores what people type has two keys for one telephone.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'EOF'
module finding

go 1.26

require github.com/nyaruka/phonenumbers v1.8.1
EOF
cat >main.go <<'EOF'
package main

import (
	"fmt"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	n, err := phonenumbers.Parse("+2413113675", "GA")
	if err != nil {
		panic(err)
	}
	national := phonenumbers.Format(n, phonenumbers.NATIONAL)
	again, err := phonenumbers.Parse(national, "GA")
	if err != nil {
		panic(err)
	}
	fmt.Println("port:", phonenumbers.IsValidNumber(n), national,
		phonenumbers.Format(again, phonenumbers.E164), phonenumbers.IsValidNumber(again))
}
EOF
cat >main.cjs <<'EOF'
const { PhoneNumberUtil, PhoneNumberFormat } = require("google-libphonenumber");
const util = PhoneNumberUtil.getInstance();
const n = util.parse("+2413113675", "GA");
const national = util.format(n, PhoneNumberFormat.NATIONAL);
const again = util.parse(national, "GA");
console.log("original:", util.isValidNumber(n), national,
  util.format(again, PhoneNumberFormat.E164), util.isValidNumber(again));
EOF

npm install --silent --no-audit --no-fund --prefix . google-libphonenumber@3.2.47 >/dev/null
go mod tidy >/dev/null 2>&1
{ node main.cjs; go run .; } | tee seen

cat >expected <<'EOF'
original: true 03 11 36 75 +24103113675 true
port: true 03 11 36 75 +24103113675 true
EOF
diff expected seen
