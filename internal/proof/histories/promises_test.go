package histories

import (
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

// Promises are what people are told about one address and Trust, counted from outside and without
// the model. They hold whatever the mix of policies and keys that work on the same records during a
// roll-out.
type promises struct {
	instances []model.Instance
	issued    []issued
}

// issued is a code that was delivered.
type issued struct {
	text, binding string
	key           string // with which it was accepted
	accepted      int
	wrong         int    // submissions called wrong under its Binding since
	dead          string // why it must not be accepted any more
	expires       time.Time
}

func (p *promises) delivered(text, binding string, expires time.Time) {
	for _, c := range p.issued {
		if c.text == text && c.binding == binding && c.dead == "" {
			return // the same again
		}
	}

	p.issued = append(p.issued, issued{text: text, binding: binding, expires: expires})
}

// attempts returns the largest MaxAttempts of all instances.
func (p *promises) attempts() (n int) {
	for i := range p.instances {
		n = max(n, p.instances[i].Policy.MaxAttempts)
	}
	return n
}

// acceptable: a code is accepted once, not after Revoke, and not after too many wrong submissions.
func (p *promises) acceptable(text, binding string) (*issued, error) {
	found := p.find(text, binding)
	switch {
	case found == nil:
		return nil, fmt.Errorf("a code was accepted that was never sent for Binding %q", binding)
	case found.dead != "":
		return nil, fmt.Errorf("a code was accepted after %s", found.dead)
	case found.wrong >= p.attempts():
		return nil, fmt.Errorf("a code was accepted after %d wrong submissions", found.wrong)
	}
	return found, nil
}

// accepted notes that a code was accepted, if that may be.
func (p *promises) accepted(text, binding, key string, now time.Time) error {
	found, err := p.acceptable(text, binding)
	if err != nil {
		return err
	}

	found.accepted++
	found.key, found.dead = key, "it was accepted"
	p.void(now, "a success of its Binding", func(b string) bool { return b == binding })
	return nil
}

// repeated: only the code and the key that were accepted are repeats.
func (p *promises) repeated(text, binding, key string) error {
	for _, c := range p.issued {
		if c.text == text && c.binding == binding && c.accepted > 0 && c.key == key && key != "" {
			return nil
		}
	}
	return fmt.Errorf("a repeat of what was never accepted with the key %q", key)
}

// find returns the code that was delivered last.
func (p *promises) find(text, binding string) (found *issued) {
	for i := range p.issued {
		if c := &p.issued[i]; c.text == text && c.binding == binding {
			found = c
		}
	}
	return found
}

// void: no code is accepted any more that was unexpired for who has voided it.
func (p *promises) void(now time.Time, why string, match func(binding string) bool) {
	for i := range p.issued {
		c := &p.issued[i]
		if c.dead == "" && now.Before(c.expires) && match(c.binding) {
			c.dead = why
		}
	}
}

// mismatched: a submission was called wrong by who takes it to be now.
func (p *promises) mismatched(binding string, now time.Time) {
	for i := range p.issued {
		if c := &p.issued[i]; c.binding == binding && now.Before(c.expires) {
			c.wrong++
		}
	}
}
