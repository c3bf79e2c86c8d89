package otpmail

import (
	"fmt"
	"net/mail"
	"strings"
)

// From is who a mail is from.
type From struct {
	// Name is the display name, up to 64 printable characters, or empty.
	Name string

	// Address is a bare address; see [ParseAddress].
	Address string
}

// ParseFrom takes an address, or a display name with an address: "Acme <no-reply@acme.example>".
func ParseFrom(s string) (From, error) {
	parsed, err := mail.ParseAddress(s)
	if err != nil {
		return From{}, err
	}

	address, err := ParseAddress(parsed.Address)
	if err != nil {
		return From{}, err
	}
	if err := checkLine(parsed.Name, maxProduct); err != nil {
		return From{}, fmt.Errorf("its display name: %w", err)
	}
	return From{Name: parsed.Name, Address: address}, nil
}

// String returns f as the From header has it: in ASCII, with encoded words (RFC 2047) for the rest.
func (f From) String() string {
	if f.Name == "" {
		return f.Address
	}
	return (&mail.Address{Name: f.Name, Address: f.Address}).String()
}

// Domain returns what follows the @ of the address.
func (f From) Domain() string { return f.Address[strings.LastIndexByte(f.Address, '@')+1:] }

// Catalog returns the Renderer of senders that were given none: a [Catalog] whose Product is the
// display name, or else the domain.
func (f From) Catalog() (*Catalog, error) {
	product := f.Name
	if product == "" {
		product = f.Domain()
	}
	return NewCatalog(Options{Product: product})
}
