package smtpmail

import "time"

// Age makes the kept connections older, without their timers, as a freeze of the process does.
func (s *Sender) Age(by time.Duration) {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()

	for _, c := range s.connections.kept {
		c.keepUntil = c.keepUntil.Add(-by)
	}
}
