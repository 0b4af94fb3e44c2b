//go:build e2e

package e2e

import (
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

const (
	// benchPresses is how many people press, pressRate how many of them in a second.
	benchPresses = 200
	pressRate    = 20
)

// TestBenchPresses times a press until it is recorded and acknowledged, beside what a handler of one's own would do: signal
// the run without a proof.
func TestBenchPresses(t *testing.T) {
	if os.Getenv("EVENKEEL_BENCH") == "" {
		t.Skip("make bench runs it")
	}
	p := newPresser(t)
	random := rand.New(rand.NewPCG(1, 2))
	var runs []client.WorkflowRun
	for range benchPresses {
		runs = append(runs, p.ask(random))
	}
	var open []waiting
	done := map[string]int{}
	for range runs {
		w := p.open(done)
		done[w.run] = 1
		open = append(open, w)
	}
	signals := p.paced(len(runs), func(i int) error {
		return p.client.SignalWorkflow(t.Context(), runs[i].GetID(), runs[i].GetRunID(), "nothing", i)
	})
	presses := p.paced(len(open), func(i int) error {
		_, err := p.slack.Press(t.Context(), open[i].Press)
		return err
	})
	for _, run := range runs {
		require.NoError(t, run.Get(t.Context(), nil))
	}
	at := func(all []time.Duration, share float64) time.Duration { return all[int(share*float64(len(all)-1))] }
	t.Logf("| a press until it is recorded and acknowledged, %d/s | p50 %s, p99 %s | a bare signal p50 %s, p99 %s | %.1f, %.1f |", pressRate,
		at(presses, 0.5).Round(100*time.Microsecond), at(presses, 0.99).Round(100*time.Microsecond),
		at(signals, 0.5).Round(100*time.Microsecond), at(signals, 0.99).Round(100*time.Microsecond),
		float64(at(presses, 0.5))/float64(at(signals, 0.5)), float64(at(presses, 0.99))/float64(at(signals, 0.99)))
	t.Logf("| calls of Slack's Web API per request that one person answers | %.2f |", float64(len(p.slack.Calls()))/float64(len(runs)))
}

// paced does something so many times, pressRate times a second whatever it takes, and returns how long each took, sorted.
func (p *presser) paced(n int, do func(i int) error) []time.Duration {
	took := make([]time.Duration, n)
	var all sync.WaitGroup
	tick := time.NewTicker(time.Second / pressRate)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		all.Go(func() {
			began := time.Now()
			if err := do(i); err != nil {
				p.t.Errorf("number %d: %v", i, err)
			}
			took[i] = time.Since(began)
		})
	}
	all.Wait()
	slices.Sort(took)
	return took
}
