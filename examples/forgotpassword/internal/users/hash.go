package users

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// params are the first choice of OWASP's Password Storage Cheat Sheet for argon2id: 19 MiB, 2
// passes, 1 lane.
var params = &argon2id.Params{
	Memory:      19 * 1024,
	Iterations:  2,
	Parallelism: 1,
	SaltLength:  16,
	KeyLength:   32,
}

// A line bounds how many hashes are computed at a time, since each takes 19 MiB and a processor.
type line chan struct{}

// A person who sets a password does not wait behind those who sign in, of whom there can be a
// flood.
var (
	settingLine   = make(line, runtime.GOMAXPROCS(0))
	signingInLine = make(line, runtime.GOMAXPROCS(0))
)

func (l line) enter(ctx context.Context) error {
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("users: waiting to hash a password: %w", ctx.Err())
	}
}

func (l line) leave() { <-l }

// Hash returns the argon2id hash of the password, with its parameters and a random salt, in the
// usual text form.
func Hash(ctx context.Context, password string) (string, error) {
	if err := settingLine.enter(ctx); err != nil {
		return "", err
	}
	defer settingLine.leave()
	return argon2id.CreateHash(norm.NFC.String(password), params) // NFC as in RFC 8265 §4.2
}

// noHash takes as long to compare with as any hash, and matches nothing that can be found.
var noHash = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
	params.Memory, params.Iterations, params.Parallelism,
	base64.RawStdEncoding.EncodeToString(make([]byte, params.SaltLength)),
	base64.RawStdEncoding.EncodeToString(make([]byte, params.KeyLength)))

// Matches reports whether the password is that of the user. The zero User, for an unknown address,
// has none, which takes as long to find out.
func (u User) Matches(ctx context.Context, password string) (bool, error) {
	if err := signingInLine.enter(ctx); err != nil {
		return false, err
	}
	defer signingInLine.leave()

	hash := u.PasswordHash
	if hash == "" {
		hash = noHash
	}
	same, err := argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
	if err != nil {
		return false, fmt.Errorf("users: comparing a password: %w", err)
	}
	return same && u.PasswordHash != "", nil
}
