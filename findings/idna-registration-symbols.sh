#!/bin/sh
# golang.org/x/net/idna: the profile for registration takes labels that IDNA 2008 does not allow.
#
# Its documentation: "Registration is the recommended profile for checking whether a given IDN is
# valid for registration, according to Section 4 of RFC 5891", which wants every code point to be
# PVALID, or CONTEXTO in its context. RFC 5892: U+2603 (snowman) and emoji are DISALLOWED; a middle
# dot is allowed between two l's only (appendix A.3).
#
# Seen with golang.org/x/net v0.62.0: all three labels are taken.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'EOF'
module finding

go 1.26

require golang.org/x/net v0.62.0
EOF
cat >main.go <<'EOF'
package main

import (
	"fmt"

	"golang.org/x/net/idna"
)

func main() {
	for _, label := range []string{"l·l", "a·b", "\u2603", "\U0001F4A9"} {
		ascii, err := idna.Registration.ToASCII(label)
		fmt.Println(label, ascii, err)
	}
}
EOF
go mod tidy >/dev/null 2>&1
go run . | tee seen

cat >expected <<'EOF'
l·l xn--ll-0ea <nil>
a·b xn--ab-0ea <nil>
☃ xn--n3h <nil>
💩 xn--ls8h <nil>
EOF
diff expected seen
