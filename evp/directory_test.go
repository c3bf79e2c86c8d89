package evp

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-5978b5f1/otp/evp/evptest"
)

// in runs a test in a bubble, with a site and a Verifier that lasts.
func in(t *testing.T, test func(t *testing.T, s *scene, verify func(changes ...change) error)) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		v, err := New(s.config)
		require.NoError(t, err)

		test(t, s, func(changes ...change) error {
			_, err := v.Verify(t.Context(), s.browser.Token(address, visit, changes...), isVisit)
			return err
		})
	})
}

// Documents are fetched once in five minutes.
func TestKeysAreKept(t *testing.T) {
	in(t, func(t *testing.T, s *scene, verify func(...change) error) {
		for range 10 {
			require.NoError(t, verify())
		}
		require.Equal(t, 2, s.issuer.Requests())

		time.Sleep(keepKeys)
		require.NoError(t, verify())
		require.Equal(t, 4, s.issuer.Requests())
	})
}

// New keys count at once, and those that are gone do not count any more.
func TestRotation(t *testing.T) {
	in(t, func(t *testing.T, s *scene, verify func(...change) error) {
		old := p256(t)
		s.issuer.SetKeys(evptest.Key{Signer: old})
		require.NoError(t, verify())

		time.Sleep(keepFailure)
		s.issuer.Rotate()
		require.NoError(t, verify())
		require.Equal(t, 4, s.issuer.Requests())
		requireStep(t, StepSignature, verify(signedBy(true, "ES256", old)))
	})
}

// Tokens with signatures of nobody have the keys fetched twice a minute, not each time.
func TestForcedRefresh(t *testing.T) {
	in(t, func(t *testing.T, s *scene, verify func(...change) error) {
		stranger := p256(t)
		for range 12 {
			requireStep(t, StepSignature, verify(signedBy(true, "ES256", stranger)))
			require.NoError(t, verify())
			time.Sleep(5 * time.Second)
		}
		require.Equal(t, 4, s.issuer.Requests())
	})
}

// Where a refresh fails, what the kept keys have signed is a proof, and nobody knows of the rest.
func TestFailedRefresh(t *testing.T) {
	in(t, func(t *testing.T, s *scene, verify func(...change) error) {
		require.NoError(t, verify())
		time.Sleep(keepFailure)

		s.issuer.Handle(evptest.KeysPath, serve(http.StatusBadGateway, "text/plain", ""))
		err := verify(signedBy(true, "ES256", p256(t)))
		requireStep(t, StepKeys, err)
		require.ErrorIs(t, err, ErrUnavailable)
		require.NoError(t, verify())
	})
}

// An issuer that is down is asked twice a minute, and counts again when it is up.
func TestFailuresAreKept(t *testing.T) {
	in(t, func(t *testing.T, s *scene, verify func(...change) error) {
		s.issuer.Handle(evptest.MetadataPath, serve(503, "text/plain", ""))
		for range 10 {
			err := verify()
			requireStep(t, StepMetadata, err)
			require.ErrorIs(t, err, ErrUnavailable)
		}
		require.Equal(t, 1, s.issuer.Requests())

		time.Sleep(keepFailure)
		s.issuer.Handle(evptest.MetadataPath, evptest.NewIssuer().ServeHTTP)
		require.NoError(t, verify())
	})
}

// DNS and documents together have the time of one Verify.
func TestTimeout(t *testing.T) {
	slow := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, test := range map[string]struct {
		step    Step
		arrange func(s *scene)
	}{
		"DNS": {StepDNS, func(s *scene) {
			s.config.Lookup = func(ctx context.Context, _ string) ([]string, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
		}},
		"DNS, then metadata": {StepMetadata, func(s *scene) {
			s.config.Lookup = func(ctx context.Context, name string) ([]string, error) {
				time.Sleep(2 * time.Second)
				return s.issuer.LookupTXT(ctx, name)
			}
			s.issuer.Handle(evptest.MetadataPath, slow)
		}},
		"keys": {StepKeys, func(s *scene) { s.issuer.Handle(evptest.KeysPath, slow) }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newScene()
				test.arrange(s)

				begun := time.Now()
				_, err := s.verify(t, s.browser.Token(address, visit))
				require.ErrorIs(t, err, ErrUnavailable)
				require.Equal(t, defaultTimeout, time.Since(begun))

				var failure *Error
				require.ErrorAs(t, err, &failure)
				assert.Contains(t, []Step{test.step, StepMetadata}, failure.Step)
				time.Sleep(defaultTimeout) // fetches go on for others
			})
		})
	}
}

// Callers that come together make one fetch, and the one that hangs up first takes it from nobody.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene()
		s.issuer.Handle(evptest.KeysPath, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			evptest.NewIssuer().ServeHTTP(w, r)
		})
		v, err := New(s.config)
		require.NoError(t, err)

		first, hangUp := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, hangUp)
		var invalid, gone atomic.Int32
		var group sync.WaitGroup
		for i := range 100 {
			ctx := t.Context()
			if i == 0 {
				ctx = first
			}
			group.Go(func() {
				_, err := v.keys.find(ctx, evptest.Host)
				switch {
				case err == nil:
					invalid.Add(1)
				case i == 0:
					assert.ErrorIs(t, err, ErrUnavailable)
					assert.ErrorIs(t, err, context.Canceled)
					gone.Add(1)
				}
			})
		}
		group.Wait()

		require.EqualValues(t, 99, invalid.Load())
		require.EqualValues(t, 1, gone.Load())
		require.Equal(t, 2, s.issuer.Requests())
	})
}

// Ten thousand domains at once, each with an issuer of its own that does not answer, have bounded
// numbers of entries and fetches, and are over in the time of one Verify.
func TestFloodOfSlowIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches gauge
		d := newDirectory(defaultTimeout, func(ctx context.Context, _ string) ([]publicKey, error) {
			fetches.add(1)
			defer fetches.add(-1)
			<-ctx.Done()
			return nil, failed(StepMetadata, ctx.Err())
		})

		begun := time.Now()
		var group sync.WaitGroup
		var refused atomic.Int32
		for i := range 10_000 {
			group.Go(func() {
				_, err := d.find(t.Context(), fmt.Sprintf("issuer-%d.example", i))
				assert.ErrorIs(t, err, ErrUnavailable)
				if time.Since(begun) == 0 {
					refused.Add(1)
				}
			})
		}
		group.Wait()

		assert.EqualValues(t, 10_000-maxIssuers, refused.Load())
		assert.Len(t, d.entries, maxIssuers)
		_, most := fetches.counts()
		assert.Equal(t, maxFetches, most)
		assert.LessOrEqual(t, time.Since(begun), defaultTimeout)

		// Those that were never asked are not taken for failures.
		d.fetch = func(context.Context, string) ([]publicKey, error) { return nil, nil }
		_, err := d.find(t.Context(), evptest.Host)
		assert.NoError(t, err)
	})
}

// Among ten thousand issuers that answer, the one that is looked at stays, and failures go first.
func TestFloodOfIssuers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked sync.Map
		fetch := func(_ context.Context, host string) ([]publicKey, error) {
			_, again := asked.LoadOrStore(host, true)
			assert.False(t, again, host)
			if host == "down.example" {
				return nil, invalid(StepMetadata, "down")
			}
			return []publicKey{{}}, nil
		}
		d := newDirectory(defaultTimeout, fetch)
		_, err := d.find(t.Context(), "early.example")
		require.NoError(t, err)
		_, err = d.find(t.Context(), "down.example")
		require.Error(t, err)

		for i := range 10_000 {
			for _, host := range []string{evptest.Host, fmt.Sprintf("issuer-%d.example", i)} {
				_, err := d.find(t.Context(), host)
				require.NoError(t, err)
			}
			if i == maxIssuers-3 { // the one that is too many
				require.NotContains(t, d.entries, "down.example")
				require.Contains(t, d.entries, "early.example")
			}
			time.Sleep(time.Millisecond)
			require.LessOrEqual(t, len(d.entries), maxIssuers)
		}
	})
}
