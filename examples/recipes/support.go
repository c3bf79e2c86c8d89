package recipes

import (
	"context"
	"errors"

	"github.com/seed-5978b5f1/otp"
)

// Support helps people whose codes do not work.
type Support struct {
	Services []*otp.Service // all that send codes to addresses of accounts
}

// Pseudonyms returns what events call the address, one for each purpose: search logs for them.
func (s *Support) Pseudonyms(address string) []string {
	var names []string
	for _, service := range s.Services {
		names = append(names, service.Pseudonym(address))
	}
	return names
}

// Unlock lets a person ask again at once, after they have proven who they are.
func (s *Support) Unlock(ctx context.Context, address string) error {
	var err error
	for _, service := range s.Services {
		err = errors.Join(err, service.Unlock(ctx, address))
	}
	return err
}
