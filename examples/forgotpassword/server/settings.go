package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/seed-5978b5f1/otp/evp"
	"github.com/seed-5978b5f1/otp/examples/budget"
)

// defaultRequests is how many requests one client may make in a minute, without CLIENT_BUDGET.
const defaultRequests = 30

// newBudget returns the budget that CLIENT_BUDGET and TRUSTED_PROXIES ask for.
func newBudget() (*budget.Budget, error) {
	requests := defaultRequests
	switch text := os.Getenv("CLIENT_BUDGET"); text {
	case "":
	case "off":
		requests = 0
	default:
		var err error
		if requests, err = strconv.Atoi(text); err != nil || requests < 1 {
			return nil, fmt.Errorf(
				`settings: CLIENT_BUDGET: %q must be "off" or a number from 1`, text)
		}
	}

	var proxies []string
	if text := os.Getenv("TRUSTED_PROXIES"); text != "" {
		for proxy := range strings.SplitSeq(text, ",") {
			proxies = append(proxies, strings.TrimSpace(proxy))
		}
	}
	clients, err := budget.New(budget.Config{PerMinute: requests, Proxies: proxies})
	if err != nil {
		return nil, fmt.Errorf("settings: TRUSTED_PROXIES: %w", err)
	}
	return clients, nil
}

// newVerifier lets browsers prove addresses to the pages of an origin, if there is one.
func newVerifier(origin string) (*evp.Verifier, error) {
	if origin == "" {
		return nil, nil
	}
	verifier, err := evp.New(evp.Config{Origins: []string{origin}})
	if err != nil {
		return nil, fmt.Errorf("settings: PROOF_ORIGIN: %w", err)
	}
	return verifier, nil
}
