// Package budget configures how often each client may make requests. Functions behind a gateway do
// not need it, and so do not link what it links.
//
// Two environment variables configure it:
//
//	CLIENT_BUDGET    requests that one client may make in a minute: an IPv4 address, or an IPv6 /64.
//	                 "off" leaves it to the proxy. Default 30
//	TRUSTED_PROXIES  addresses of the proxies in front, as CIDR prefixes separated by commas:
//	                 "10.0.0.0/8,2001:db8::/32". The client is then the last address of
//	                 X-Forwarded-For that is none of them. Without it the client is the peer, and no
//	                 header is believed
package budget

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-5978b5f1/otp/examples/budget"
)

// defaultRequests is how many requests one client may make in a minute.
const defaultRequests = 30

// maxRequests bounds what can be configured: more is no bound.
const maxRequests = 1_000_000

// FromEnv returns the Budget that the environment asks for.
func FromEnv(getenv func(string) string) (*budget.Budget, error) {
	requests, err := parseRequests(getenv("CLIENT_BUDGET"))
	if err != nil {
		return nil, fmt.Errorf("settings: CLIENT_BUDGET: %w", err)
	}

	var proxies []string
	if text := getenv("TRUSTED_PROXIES"); text != "" {
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

func parseRequests(text string) (int, error) {
	switch text {
	case "":
		return defaultRequests, nil
	case "off":
		return 0, nil
	}

	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxRequests {
		return 0, fmt.Errorf(`%q must be "off" or a number from 1 to %d`, text, maxRequests)
	}
	return n, nil
}
