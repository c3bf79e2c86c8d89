package main

import (
	"testing"

	"github.com/seed-5978b5f1/otp/internal/servers"
)

// The program ends the test unless it signs in.
func TestRun(t *testing.T) {
	address := servers.Redis(t)
	run(t.Context(), address)
}
