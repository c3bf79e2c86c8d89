package users

import (
	"context"
	"sync"
	"time"
)

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
