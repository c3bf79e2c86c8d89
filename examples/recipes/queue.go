package recipes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/seed-5978b5f1/otp"
)

// A Job asks for a code. It holds an address, but no code: the code is made when the job is done,
// and lives from then on.
type Job struct {
	To, Binding, Language string
	Trust                 otp.Trust
	Decoy                 bool
}

// Do is what a worker does with a job. An error means: try again later.
func Do(ctx context.Context, codes *otp.Service, payload []byte) error {
	var job Job
	if err := json.Unmarshal(payload, &job); err != nil {
		return fmt.Errorf("bad job: %w", err)
	}

	_, err := codes.Send(ctx, otp.Request{
		To: job.To, Binding: job.Binding, Language: job.Language,
		Trust: job.Trust, Decoy: job.Decoy,
	})
	switch {
	case errors.Is(err, otp.ErrLimited), errors.Is(err, otp.ErrLocked),
		errors.Is(err, otp.ErrInvalid), errors.Is(err, otp.ErrDelivery):
		return nil // another try would count as another request; Config.Observe has it
	default:
		return err
	}
}
