package evp

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Defaults and bounds of Config, and of DNS queries at a time.
const (
	defaultTimeout = 3 * time.Second
	maxTimeout     = 30 * time.Second
	defaultWindow  = 15 * time.Minute
	maxWindow      = 24 * time.Hour
	maxQueries     = 64
)

// Config is what a [Verifier] needs to know.
type Config struct {
	// Origins are those of the pages that ask for proofs, as browsers write them:
	// "https://example.com", "https://example.com:8443", and for development
	// "http://localhost:8080". Required. They are set here and never taken from a request: in the
	// Host header of a page that passes everything on stands your own name.
	Origins []string

	// Lookup returns the TXT records of a name that ends in a dot, and ends when ctx does. Its
	// errors should be a *net.DNSError. Default: LookupTXT of net.DefaultResolver.
	Lookup func(ctx context.Context, name string) ([]string, error)

	// Client fetches the documents of issuers. The default connects to port 443 of public
	// addresses only, which it judges when it connects, and uses no proxy. A client of your own
	// has to keep strangers out of your network by itself. No client keeps cookies or follows a
	// redirect to another host.
	Client *http.Client

	// Timeout bounds a Verify: its DNS query and fetches together. A fetch that outlasts its Verify
	// goes on for those that come after, for a Timeout at most. Default 3 s, at most 30 s.
	Timeout time.Duration

	// Window is how long ago both halves of a token may be issued. Browsers make them when the
	// address is filled in, not when the form is sent. One minute is added for clocks that differ.
	// Default 15 minutes, at most 24 hours.
	Window time.Duration

	// Issuers reports which issuer is trusted with which domain; both are host names in lower
	// case. It is called before anything is looked up. Default: each domain chooses its own.
	Issuers func(domain, issuer string) bool
}

// A Verifier verifies tokens. It is safe for concurrent use, and is made once: it keeps the keys of
// up to 256 issuers, makes up to 64 DNS queries and fetches from up to 32 issuers at a time.
type Verifier struct {
	origins []string
	lookup  func(ctx context.Context, name string) ([]string, error)
	timeout time.Duration
	window  time.Duration
	trusted func(domain, issuer string) bool

	queries slots
	keys    *directory
}

// New returns a Verifier, or an error that names the field of the Config that cannot be used.
func New(c Config) (*Verifier, error) {
	if err := c.check(); err != nil {
		return nil, err
	}

	v := &Verifier{
		origins: slices.Clone(c.Origins),
		lookup:  c.Lookup,
		timeout: c.Timeout,
		window:  c.Window,
		trusted: c.Issuers,
		queries: make(slots, maxQueries),
	}
	if v.lookup == nil {
		v.lookup = net.DefaultResolver.LookupTXT
	}
	if v.timeout == 0 {
		v.timeout = defaultTimeout
	}
	if v.window == 0 {
		v.window = defaultWindow
	}

	client := c.Client
	if client == nil {
		client = newClient(net.DefaultResolver, onlyPublic, v.timeout)
	}
	client = bounded(client)
	v.keys = newDirectory(v.timeout, func(ctx context.Context, host string) ([]publicKey, error) {
		return fetchKeys(ctx, client, host)
	})
	return v, nil
}

func (c Config) check() error {
	if len(c.Origins) == 0 {
		return fmt.Errorf("evp: Config.Origins is empty, want an origin as https://example.com")
	}
	for _, origin := range c.Origins {
		if !isOrigin(origin) {
			return fmt.Errorf("evp: Config.Origins: %q is no origin as browsers write it, "+
				"https://example.com or with a port https://example.com:8443", origin)
		}
	}
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		return fmt.Errorf("evp: Config.Timeout is %v, want 0 to %v", c.Timeout, maxTimeout)
	}
	if c.Window < 0 || c.Window > maxWindow {
		return fmt.Errorf("evp: Config.Window is %v, want 0 to %v", c.Window, maxWindow)
	}
	return nil
}

// isOrigin reports whether s is an origin, as browsers write it, of a page that they give tokens.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme+"://"+u.Host != s || u.Host != foldASCII(u.Host) {
		return false
	}

	local := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	switch u.Scheme {
	case "https":
		return (local || hasLabels(u.Hostname())) && isPort(u, "443")
	case "http":
		return local && isPort(u, "80")
	default:
		return false
	}
}

// isPort reports whether a port, if there is one, is not the standard one: browsers leave it out.
func isPort(u *url.URL, standard string) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0 && u.Port() == strconv.FormatUint(n, 10) && u.Port() != standard
}

// A Proof says that the issuer of its domain vouches for a mail address, to this site, in the visit
// of its nonce. The zero value is the proof of no address.
type Proof struct {
	Nonce   string // accept it once
	Issuer  string // host name, "accounts.google.com"
	Private bool   // the address is one that the issuer made for this site

	// A pointer, so that nothing that prints the Proof prints the address.
	address *string
}

// Is reports whether the proof is of this address, the stored one of an account. Letters A to Z
// equal a to z, and nothing else is folded: neither letters beyond ASCII, nor dots, nor tags.
func (p Proof) Is(stored string) bool {
	return p.address != nil && foldASCII(*p.address) == foldASCII(stored)
}

// Verify judges a token, as the browser filled it into the form. It spends nothing and knows no
// account. nonce reports whether a nonce is one of this site for this browser, and in time; it is
// asked before anything is looked up.
//
// Errors are an [*Error] that matches [ErrInvalid] or [ErrUnavailable]. Both mean that a code is
// sent; they differ for metrics only.
func (v *Verifier) Verify(
	ctx context.Context, token string, nonce func(string) bool,
) (Proof, error) {
	p, err := parseToken(token)
	if err != nil {
		return Proof{}, err
	}
	if err := v.checkBinding(p, nonce); err != nil {
		return Proof{}, err
	}
	if err := v.checkIssuer(ctx, p); err != nil {
		return Proof{}, err
	}
	return Proof{Nonce: p.nonce, Issuer: p.issuer, Private: p.private, address: &p.address}, nil
}

// checkBinding judges all that can be judged without others: the token is of now, for this site, of
// this visit, and from the browser that the issuer has given it to.
func (v *Verifier) checkBinding(p presentation, nonce func(string) bool) error {
	now := time.Now()
	if err := p.evt.checkTime(now, v.window); err != nil {
		return err
	}
	if err := p.kb.checkTime(now, v.window); err != nil {
		return err
	}
	if !slices.Contains(v.origins, p.audience) {
		return invalid(StepAudience, "for another site")
	}
	if nonce == nil || !nonce(p.nonce) {
		return invalid(StepNonce, "of another visit, or too old")
	}

	if p.kb.claims.text("sd_hash") != p.hash {
		return invalid(StepBinding, "the halves do not belong together")
	}
	if !p.holder.verifies(p.kb) {
		return invalid(StepBinding, "not signed by the browser that the token was issued to")
	}
	return nil
}

// checkIssuer judges that the domain of the address has this issuer, and that it signed the token.
func (v *Verifier) checkIssuer(ctx context.Context, p presentation) error {
	if v.trusted != nil && !v.trusted(p.domain, p.issuer) {
		return invalid(StepTrust, "not an issuer that is trusted with the domain")
	}
	ctx, cancel := context.WithTimeout(ctx, v.timeout)
	defer cancel()

	host, err := v.delegate(ctx, p.domain)
	if err != nil {
		return err
	}
	if host != p.issuer {
		return invalid(StepIssuer, "not the issuer that the domain names")
	}
	return v.checkSignature(ctx, p)
}

// checkSignature judges that the issuer has signed the token. Where no key fits, the keys may have
// changed: they are fetched once more.
func (v *Verifier) checkSignature(ctx context.Context, p presentation) error {
	kept, err := v.keys.find(ctx, p.issuer)
	if err != nil {
		return err
	}
	if kept.verifies(p.evt) {
		return nil
	}

	newer, err := v.keys.refresh(ctx, p.issuer)
	if err != nil {
		return err
	}
	if newer == kept || !newer.verifies(p.evt) {
		return invalid(StepSignature, "not signed by a key of the issuer")
	}
	return nil
}
