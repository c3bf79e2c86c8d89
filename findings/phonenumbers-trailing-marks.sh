#!/bin/sh
# The Go port of libphonenumber refuses numbers that end in a mark which nobody sees; the original
# reads them.
#
# Contact lists wrap numbers in U+202A and U+202C (embedding, pop), and people paste them so.
#
# Seen with github.com/nyaruka/phonenumbers v1.8.1 and google-libphonenumber 3.2.47: both read a
# mark in front. Behind the number, the port fails with "not a number" (U+202C, U+2069, U+200E), and
# the original reads it.
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
	"bufio"
	"fmt"
	"os"
	"strconv"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		typed, _ := strconv.Unquote(lines.Text())
		n, err := phonenumbers.Parse(typed, "ZZ")
		if err != nil {
			fmt.Println("port:", lines.Text(), "refused")
			continue
		}
		fmt.Println("port:", lines.Text(), phonenumbers.Format(n, phonenumbers.E164))
	}
}
EOF
cat >main.cjs <<'EOF'
const { PhoneNumberUtil, PhoneNumberFormat } = require("google-libphonenumber");
const util = PhoneNumberUtil.getInstance();
for (const line of require("fs").readFileSync(0, "utf8").trim().split("\n")) {
  try {
    const number = util.parse(JSON.parse(line), "ZZ");
    console.log("original:", line, util.format(number, PhoneNumberFormat.E164));
  } catch {
    console.log("original:", line, "refused");
  }
}
EOF
cat >numbers <<'EOF'
"+49 151 12345678"
"\u202a+49 151 12345678"
"\u202a+49 151 12345678\u202c"
"\u2066+49 151 12345678\u2069"
"+49 151 12345678\u200e"
EOF

npm install --silent --no-audit --no-fund --prefix . google-libphonenumber@3.2.47 >/dev/null
go mod tidy >/dev/null 2>&1
{ node main.cjs <numbers; go run . <numbers; } | tee seen

cat >expected <<'EOF'
original: "+49 151 12345678" +4915112345678
original: "\u202a+49 151 12345678" +4915112345678
original: "\u202a+49 151 12345678\u202c" +4915112345678
original: "\u2066+49 151 12345678\u2069" +4915112345678
original: "+49 151 12345678\u200e" +4915112345678
port: "+49 151 12345678" +4915112345678
port: "\u202a+49 151 12345678" +4915112345678
port: "\u202a+49 151 12345678\u202c" refused
port: "\u2066+49 151 12345678\u2069" refused
port: "+49 151 12345678\u200e" refused
EOF
diff expected seen
