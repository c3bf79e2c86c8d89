package smtpmail

import (
	"time"

	"github.com/seed-5978b5f1/otp/otpmail"
)

// Age makes the kept connections older, without their timers, as a freeze of the process does.
func (s *Sender) Age(by time.Duration) {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()

	for _, c := range s.connections.kept {
		c.keepUntil = c.keepUntil.Add(-by)
		c.idleSince = c.idleSince.Add(-by)
	}
}

// Compose writes a mail as it goes over the wire.
func Compose(from otpmail.From, to string, m otpmail.Mail) ([]byte, error) {
	return compose(&heading{from: from, to: to, id: "0123456789abcdef"}, time.Now(), m)
}

// Arrived returns how many mails have asked for a connection.
func (s *Sender) Arrived() int {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()
	return s.connections.arrivals
}

// Forget lets the time pass after which the limit of the server is forgotten.
func (s *Sender) Forget() {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()

	s.connections.limitedAt = s.connections.limitedAt.Add(-growthTime)
}

// Cautious reports whether the extensions of the server are left alone.
func (s *Sender) Cautious() bool {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()
	return time.Now().Before(s.connections.cautiousUntil)
}
