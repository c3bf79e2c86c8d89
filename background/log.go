package background

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// An outageLog is the default of Options.OnError. An outage begins with a failure that is not the
// fault of an address, and ends with the next delivery.
type outageLog struct {
	mu    sync.Mutex
	since time.Time // zero: there is no outage
	tries int       // that have failed since
}

// failed logs the first failure of an outage, and each message that is given up.
func (l *outageLog) failed(ctx context.Context, f Failure) {
	attributes := []any{"message_id", f.MessageID, "purpose", f.Purpose, "class", f.Class()}
	if f.Class() != Undeliverable && l.begins() {
		slog.ErrorContext(ctx, "background: deliveries fail", attributes...)
	}
	if f.RetryAt.IsZero() {
		slog.ErrorContext(ctx, "background: a message was given up", attributes...)
	}
}

// begins counts a failed try, and reports whether it is the first of an outage.
func (l *outageLog) begins() bool {
	l.mu.Lock()
	defer l.mu.Unlock()

	l.tries++
	if l.tries == 1 {
		l.since = time.Now()
	}
	return l.tries == 1
}

// succeeded logs the end of an outage. It does nothing for nil.
func (l *outageLog) succeeded(ctx context.Context) {
	if l == nil {
		return
	}

	l.mu.Lock()
	defer l.mu.Unlock()

	if l.tries > 0 {
		slog.WarnContext(ctx, "background: deliveries succeed again",
			"failed_tries", l.tries, "outage", time.Since(l.since).Round(time.Millisecond))
	}
	l.tries = 0
}
