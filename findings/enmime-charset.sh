#!/bin/sh
# enmime reads a text as ISO-8859-1 that is declared, and valid, as UTF-8.
#
# RFC 2046 §4.1.2: the declared charset counts. enmime guesses from the bytes and prefers its guess
# where it is sure. A German text with a single umlaut looks to it like ISO-8859-1, with a
# confidence of 96 %.
#
# Seen with github.com/jhillyerd/enmime/v2 v2.3.0: "läuft" comes out as "lÃ¤uft", with a warning in
# Envelope.Errors. With three umlauts the text comes out right.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'EOF'
module finding

go 1.26

require github.com/jhillyerd/enmime/v2 v2.3.0
EOF
cat >main.go <<'EOF'
package main

import (
	"fmt"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

func main() {
	for _, text := range []string{
		"Ihr Code ist 492013. Geben Sie ihn auf der Seite ein, auf der Sie angefragt haben. " +
			"Er gilt 10 Minuten und nur einmal. Die Seite läuft bei Acme.",
		"Ihr Code ist 492013. Geben Sie ihn auf der Seite ein, auf der Sie angefragt haben. " +
			"Er gilt 10 Minuten und nur einmal. Die Seite ist für Geräte aller Größen.",
	} {
		mail := "From: ada@example.com\r\nTo: grace@example.com\r\nSubject: Code\r\n" +
			"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
			"Content-Transfer-Encoding: 8bit\r\n\r\n" + text + "\r\n"
		envelope, err := enmime.ReadEnvelope(strings.NewReader(mail))
		if err != nil {
			panic(err)
		}
		fmt.Printf("as sent: %t, %v\n", strings.TrimSpace(envelope.Text) == text,
			envelope.Errors)
	}
}
EOF
go mod tidy >/dev/null 2>&1
go run . | tee seen

cat >expected <<'EOF'
as sent: false, [[W] Character Set Declaration Mismatch: declared charset "utf-8", detected "ISO-8859-1", confidence 96]
as sent: true, []
EOF
diff expected seen
