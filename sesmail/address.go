package sesmail

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

const (
	maxAddress = 254 // bytes, RFC 5321 §4.5.3.1.3 less the angle brackets
	maxLocal   = 64  // bytes, RFC 5321 §4.5.3.1.1
)

// bareAddress returns the one address that s is, with its domain in ASCII and in lower case and its local part
// untouched. It takes no display name, list, group, comment, quoted local part or address literal, and nothing outside
// of ASCII but in the domain. It maps nothing to a look-alike: a domain that IDNA would have to change (other than
// the letters A to Z) is refused. The errors do not repeat the address.
func bareAddress(s string) (string, error) {
	local, domain, found := strings.Cut(s, "@")
	if !found {
		return "", errors.New("it has no @")
	}
	if err := checkLocal(local); err != nil {
		return "", err
	}
	domain, err := idna.Registration.ToASCII(lower(domain))
	if err != nil {
		return "", errors.New("its domain is no internationalized domain name (IDNA 2008)") // err quotes the domain
	}
	if err := checkDomain(domain); err != nil {
		return "", err
	}
	if n := len(local) + len("@") + len(domain); n > maxAddress {
		return "", fmt.Errorf("it has %d bytes in ASCII: at most %d are allowed", n, maxAddress)
	}
	return local + "@" + domain, nil
}

// checkLocal takes the dot-atom of RFC 5322 §3.2.3. SES wants no punycode here.
func checkLocal(local string) error {
	if len(local) < 1 || len(local) > maxLocal {
		return fmt.Errorf("its local part has %d bytes: it must have 1 to %d", len(local), maxLocal)
	}
	for atom := range strings.SplitSeq(local, ".") {
		if atom == "" || strings.Trim(atom, letters+digits+"!#$%&'*+-/=?^_`{|}~") != "" {
			return errors.New("its local part must be ASCII letters, digits and !#$%&'*+-/=?^_`{|}~ with single dots between")
		}
	}
	if strings.HasPrefix(lower(local), "xn--") {
		return errors.New("its local part is in punycode")
	}
	return nil
}

// checkDomain takes two or more labels of letters, digits and inner hyphens, the last of them not a number.
func checkDomain(domain string) error {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return errors.New("its domain has no dot")
	}
	for _, label := range labels {
		if len(label) < 1 || len(label) > 63 || strings.Trim(label, letters+digits+"-") != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return errors.New("its domain must be labels of 1 to 63 letters, digits and inner hyphens")
		}
	}
	if strings.Trim(labels[len(labels)-1], digits) == "" {
		return errors.New("its domain ends in a number")
	}
	return nil
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// lower returns s with A to Z, and nothing else, in lower case. strings.ToLower would make an i of U+0130 and a k of
// U+212A.
func lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// fromAddress parses "ada@example.com" or "Ada <ada@example.com>". header is what a From header holds, name the
// display name, and domain the domain in ASCII.
func fromAddress(s string) (header, name, domain string, err error) {
	parsed, err := mail.ParseAddress(s)
	if err != nil {
		return "", "", "", err
	}
	if err := checkLine(parsed.Name, maxProduct); err != nil {
		return "", "", "", fmt.Errorf("display name: %w", err)
	}
	bare, err := bareAddress(parsed.Address)
	if err != nil {
		return "", "", "", err
	}
	header = bare
	if parsed.Name != "" {
		header = (&mail.Address{Name: parsed.Name, Address: bare}).String()
	}
	_, domain, _ = strings.Cut(bare, "@")
	return header, parsed.Name, domain, nil
}
