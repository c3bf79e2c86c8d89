package histories

import (
	"fmt"
	"time"

	"github.com/seed-5978b5f1/otp"
	"github.com/seed-5978b5f1/otp/internal/proof/model"
)

// Promises are what people are told, counted from outside and without the model. They hold whatever the mix of policies
// and keys that work on the same records during a roll-out.
type promises struct {
	instances []model.Instance
	issued    []issued
	inARow    int // wrong submissions since the last success
	lastWrong time.Time
}

// issued is a code that was delivered.
type issued struct {
	text, bind string
	wrong      int    // submissions called wrong under its Bind since
	dead       string // why it must not be accepted any more
}

func (p *promises) delivered(text, bind string) {
	for _, c := range p.issued {
		if c.text == text && c.bind == bind && c.dead == "" {
			return // the same again
		}
	}
	p.issued = append(p.issued, issued{text: text, bind: bind})
}

// most returns the largest of a number over all instances.
func (p *promises) most(number func(*otp.Policy) int) (n int) {
	for i := range p.instances {
		n = max(n, number(&p.instances[i].Policy))
	}
	return n
}

// accepted: a code is accepted once, not after Revoke or another success, and not after too many wrong submissions.
func (p *promises) accepted(text, bind string) (broken error) {
	broken = fmt.Errorf("a code was accepted that was never delivered for the Bind %q", bind)
	for _, c := range p.issued {
		if c.text != text || c.bind != bind {
			continue
		}
		switch attempts := p.most(func(p *otp.Policy) int { return p.MaxAttempts }); {
		case c.dead != "":
			broken = fmt.Errorf("a code was accepted after %s", c.dead)
		case c.wrong >= attempts:
			broken = fmt.Errorf("a code was accepted after %d wrong submissions, of %d at most", c.wrong, attempts)
		default:
			broken = nil
		}
	}
	p.void("a success")
	p.inARow = 0
	return broken
}

func (p *promises) void(why string) {
	for i := range p.issued {
		if p.issued[i].dead == "" {
			p.issued[i].dead = why
		}
	}
}

// mismatched: never more wrong submissions in a row than MaxFailures, unless they were forgotten in between.
func (p *promises) mismatched(bind string, now time.Time) (broken error) {
	for i := range p.issued {
		if p.issued[i].bind == bind {
			p.issued[i].wrong++
		}
	}
	for _, in := range p.instances {
		if now.Sub(p.lastWrong) >= in.Policy.RememberFailures-time.Second {
			p.inARow = 0
		}
	}
	p.lastWrong = now
	p.inARow++
	if failures := p.most(func(p *otp.Policy) int { return p.MaxFailures }); p.inARow > failures {
		return fmt.Errorf("%d wrong submissions in a row were compared, of %d at most", p.inARow, failures)
	}
	return nil
}
