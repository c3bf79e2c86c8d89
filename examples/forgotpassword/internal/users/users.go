// Package users keeps the accounts of the application: an email address and the hash of a password
// each.
package users

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// A User is one account.
type User struct {
	// Email is the address as it was registered. Mail goes here, whatever somebody typed.
	Email string

	// PasswordHash is what Hash returned.
	PasswordHash string

	// PasswordChanged is when the hash was stored. An application with sessions ends those that
	// began before.
	PasswordChanged time.Time
}

// ErrUnknown says that there is no account of that address.
var ErrUnknown = errors.New("users: no such account")

// A Store finds accounts by address, where the letters A to Z count as a to z.
type Store interface {
	// Find returns the account, or ErrUnknown.
	Find(ctx context.Context, email string) (User, error)

	// SetPassword replaces the hash of an account and returns the account, or ErrUnknown: it never
	// makes one.
	SetPassword(ctx context.Context, email, hash string) (User, error)

	// Add makes an account, and reports false if there is one of that address already.
	Add(ctx context.Context, u User) (added bool, err error)
}

// Normalize returns what accounts are found by, and what codes go by: the form of package otpmail.
// Its error can be shown: it does not repeat the address.
func Normalize(email string) (string, error) { return otpmail.Normalize(email) }

// key is Normalize for addresses that are known to be some. Another text is the key of nobody.
func key(email string) string {
	normal, _ := Normalize(email)
	return cmp.Or(normal, email)
}

// Memory is a Store that lasts as long as the process.
type Memory struct {
	mu    sync.Mutex
	users map[string]User
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty Memory.
func NewMemory() *Memory { return &Memory{users: make(map[string]User)} }

// Find implements Store.
func (m *Memory) Find(_ context.Context, email string) (User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()

	u, ok := m.users[key(email)]
	if !ok {
		return User{}, ErrUnknown
	}
	return u, nil
}

// SetPassword implements Store.
func (m *Memory) SetPassword(_ context.Context, email, hash string) (User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()

	u, ok := m.users[key(email)]
	if !ok {
		return User{}, ErrUnknown
	}

	u.PasswordHash, u.PasswordChanged = hash, time.Now().UTC()
	m.users[key(email)] = u
	return u, nil
}

// Add implements Store.
func (m *Memory) Add(_ context.Context, u User) (added bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()

	if _, taken := m.users[key(u.Email)]; taken {
		return false, nil
	}

	m.users[key(u.Email)] = u
	return true, nil
}
