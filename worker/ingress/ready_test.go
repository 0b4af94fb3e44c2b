package ingress

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func probe(r *Readiness) (int, string) {
	answer := httptest.NewRecorder()
	r.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	return answer.Code, answer.Body.String()
}

func TestEveryPartIsNamed(t *testing.T) {
	r := NewReadiness([]Part{
		{"temporal", func(context.Context) error { return nil }},
		{"state", func(context.Context) error { return errors.New("no space left\non device") }},
		{"ledger", func(context.Context) error { return errors.New("away") }},
	})
	status, text := probe(r)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Equal(t, "not ready\ntemporal  ok\nstate     FAILED: no space left on device\nledger    FAILED: away\n", text)
}

// A storm of probes asks once a second; after that it is asked anew, and a part that is well again is ready.
func TestAStormOfProbesCostsOneLook(t *testing.T) {
	var looks atomic.Int32
	var fault error
	r := NewReadiness([]Part{{"ledger", func(context.Context) error {
		looks.Add(1)
		time.Sleep(100 * time.Millisecond)
		return fault
	}}})
	var storm sync.WaitGroup
	for range 1000 {
		storm.Go(func() {
			status, _ := probe(r)
			require.Equal(t, http.StatusOK, status)
		})
	}
	storm.Wait()
	require.Equal(t, int32(1), looks.Load())
	fault = errors.New("away")
	time.Sleep(readyFor)
	status, _ := probe(r)
	require.Equal(t, http.StatusServiceUnavailable, status)
	fault = nil
	time.Sleep(readyFor)
	status, _ = probe(r)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, int32(3), looks.Load())
}

// A part that hangs and does not heed its context is an answer after two seconds, keeps no other part
// waiting, and is asked once until it comes back.
func TestAPartThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := make(chan error)
		var asked int
		r := NewReadiness([]Part{
			{"state", func(context.Context) error { asked++; return <-hanging }},
			{"worker", func(context.Context) error { return nil }},
			{"temporal", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		})
		for range 3 {
			began := time.Now()
			status, text := probe(r)
			require.Equal(t, http.StatusServiceUnavailable, status)
			require.Equal(t, "not ready\nstate     FAILED: no answer within 2s\nworker    ok\ntemporal  FAILED: context deadline exceeded\n", text)
			require.Less(t, time.Since(began), 3*time.Second)
			time.Sleep(readyFor)
		}
		require.Equal(t, 1, asked)
		hanging <- nil
		_, text := probe(r)
		require.Contains(t, text, "state     ok\n")
	})
}
