#!/bin/sh
# Go libraries for JOSE refuse tokens whose header has the algorithm "Ed25519".
#
# RFC 9864 (October 2025) deprecates "EdDSA" and registers "Ed25519" for the same signature.
# Chromium 156 writes it into the tokens of the Email Verification Protocol. Below, crypto/ed25519
# signs one.
#
# Seen with go-jose v4.1.9 and golang-jwt v5.3.1 (Go 1.26): both refuse the token. go-jose does so,
# too, where "Ed25519" is among the algorithms that the caller allows. The same token with "EdDSA"
# in its header is accepted. golang-jwt takes the name once it is registered.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat >go.mod <<'EOF'
module finding

go 1.26

require (
	github.com/go-jose/go-jose/v4 v4.1.9
	github.com/golang-jwt/jwt/v5 v5.3.1
)
EOF

cat >main.go <<'EOF'
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
)

var public, private, _ = ed25519.GenerateKey(nil)

func token(alg string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64([]byte(`{"alg":"`+alg+`"}`)) + "." + b64([]byte(`{"sub":"ada"}`))
	return signed + "." + b64(ed25519.Sign(private, []byte(signed)))
}

func goJOSE(token string) error {
	parsed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA, "Ed25519"})
	if err == nil {
		_, err = parsed.Verify(public)
	}
	return err
}

func golangJWT(token string) error {
	_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return public, nil })
	return err
}

func main() {
	for _, alg := range []string{"EdDSA", "Ed25519"} {
		fmt.Printf("%s: go-jose: %v\n", alg, goJOSE(token(alg)))
		fmt.Printf("%s: golang-jwt: %v\n", alg, golangJWT(token(alg)))
	}
	jwt.RegisterSigningMethod("Ed25519",
		func() jwt.SigningMethod { return jwt.SigningMethodEdDSA })
	fmt.Printf("Ed25519: golang-jwt, name registered: %v\n", golangJWT(token("Ed25519")))
}
EOF

go mod tidy >/dev/null 2>&1
go run . | tee seen

cat >expected <<'EOF'
EdDSA: go-jose: <nil>
EdDSA: golang-jwt: <nil>
Ed25519: go-jose: go-jose/go-jose: error in cryptographic primitive
Ed25519: golang-jwt: token is unverifiable: signing method (alg) is unavailable
Ed25519: golang-jwt, name registered: <nil>
EOF
diff expected seen
