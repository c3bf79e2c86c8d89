package histories

import (
	"fmt"

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
}

func (p *promises) delivered(text, binding string) {
	for _, c := range p.issued {
		if c.text == text && c.binding == binding && c.dead == "" {
			return // the same again
		}
	}

	p.issued = append(p.issued, issued{text: text, binding: binding})
}

// attempts returns the largest MaxAttempts of all instances.
func (p *promises) attempts() (n int) {
	for i := range p.instances {
		n = max(n, p.instances[i].Policy.MaxAttempts)
	}
	return n
}

// accepted: a code is accepted once, not after Revoke, and not after too many wrong submissions.
func (p *promises) accepted(text, binding, key string) error {
	found := p.find(text, binding)
	switch {
	case found == nil:
		return fmt.Errorf("a code was accepted that no one was sent for the Binding %q", binding)
	case found.dead != "":
		return fmt.Errorf("a code was accepted after %s", found.dead)
	case found.wrong >= p.attempts():
		return fmt.Errorf("a code was accepted after %d wrong submissions", found.wrong)
	}

	found.accepted++
	found.key = key
	p.void(func(b string) bool { return b == binding }, "a success of its Binding")
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

func (p *promises) void(match func(binding string) bool, why string) {
	for i := range p.issued {
		if c := &p.issued[i]; c.dead == "" && match(c.binding) {
			c.dead = why
		}
	}
}

// mismatched: a submission was called wrong.
func (p *promises) mismatched(binding string) {
	for i := range p.issued {
		if c := &p.issued[i]; c.binding == binding {
			c.wrong++
		}
	}
}
