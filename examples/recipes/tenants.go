package recipes

import (
	"fmt"
	"sync"

	"github.com/seed-5978b5f1/otp"
)

// Tenants has a Service for each tenant, on one store: limits, codes and failures are apart.
type Tenants struct {
	Secret []byte
	Store  otp.Store
	Sender func(tenant string) (otp.Sender, error) // with the tenant's name, address and texts

	mu       sync.Mutex
	services map[string]*otp.Service
}

// SignIns returns the Service of a tenant. Its id must be known: it is part of the Purpose.
func (t *Tenants) SignIns(tenant string) (*otp.Service, error) {
	t.mu.Lock()
	defer t.mu.Unlock()

	if service, ok := t.services[tenant]; ok {
		return service, nil
	}

	sender, err := t.Sender(tenant)
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", tenant, err)
	}
	service, err := otp.New(otp.Config{
		Purpose: "sign-in." + tenant, Secret: t.Secret, Store: t.Store, Sender: sender,
	})
	if err != nil {
		return nil, fmt.Errorf("tenant %s: %w", tenant, err)
	}

	if t.services == nil {
		t.services = map[string]*otp.Service{}
	}
	t.services[tenant] = service
	return service, nil
}
