package users

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Seed adds the accounts of a JSON file, [{"email": "...", "password": "..."}], and returns how
// many were new. Accounts that exist keep their passwords.
func Seed(ctx context.Context, s Store, file io.Reader) (added int, err error) {
	var accounts []struct{ Email, Password string }
	dec := json.NewDecoder(file)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&accounts); err != nil {
		return 0, fmt.Errorf("users: the seed is not a JSON array of accounts: %w", err)
	}

	for i, a := range accounts {
		_, err := Normalize(a.Email)
		if err := errors.Join(err, CheckPassword(a.Password, a.Email)); err != nil {
			return added, fmt.Errorf("users: account %d of the seed: %w", i+1, err)
		}

		hash, err := Hash(ctx, a.Password)
		if err != nil {
			return added, err
		}

		account := User{Email: a.Email, PasswordHash: hash, PasswordChanged: time.Now()}
		isNew, err := s.Add(ctx, account)
		if err != nil {
			return added, err
		}
		if isNew {
			added++
		}
	}
	return added, nil
}
