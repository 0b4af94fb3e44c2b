package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// partWait bounds how long a part may think about how it is.
	partWait = 2 * time.Second
	// readyFor is how long an answer counts, so that a storm of probes costs no more than one a second.
	readyFor = time.Second
)

// Part is one of the things without which the worker cannot do its work.
type Part struct {
	// Name is one word.
	Name string
	// Check returns nil while the part does its work. It need not heed its context.
	Check func(context.Context) error
}

// Readiness says whether the worker can do its work. It is the answer to /readyz.
type Readiness struct {
	parts []*watched

	mu   sync.Mutex // held while the parts are asked: whoever comes meanwhile gets the same answer
	at   time.Time
	text string
	ok   bool
}

// watched is a part, and its check while that goes on. One that hangs is not asked again before it has come
// back, so that no probe leaves more behind than the first.
type watched struct {
	Part
	pending chan error
}

// NewReadiness returns the readiness of a worker with these parts.
func NewReadiness(parts []Part) *Readiness {
	r := &Readiness{}
	for _, p := range parts {
		r.parts = append(r.parts, &watched{Part: p})
	}
	return r
}

// ServeHTTP says 200 or 503, and of each part how it is.
func (r *Readiness) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	text, ok := r.Ask()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = fmt.Fprint(w, text)
}

// Ask asks all parts at once, for 2 seconds at most, and returns whether all are well, and a text with a line for each. An
// answer counts for a second. It belongs to everybody who probes, so that none of them ends it by going away.
func (r *Readiness) Ask() (text string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < readyFor {
		return r.text, r.ok
	}
	faults := make([]error, len(r.parts))
	var wait sync.WaitGroup
	for i, p := range r.parts {
		wait.Go(func() { faults[i] = p.ask() })
	}
	wait.Wait()
	var lines strings.Builder
	r.ok = true
	for i, p := range r.parts {
		answer := "ok"
		if faults[i] != nil {
			r.ok, answer = false, "FAILED: "+strings.Join(strings.Fields(faults[i].Error()), " ")
		}
		fmt.Fprintf(&lines, "%-9s %s\n", p.Name, answer)
	}
	r.text = map[bool]string{true: "ready\n", false: "not ready\n"}[r.ok] + lines.String()
	r.at = time.Now()
	return r.text, r.ok
}

func (p *watched) ask() error {
	if p.pending == nil {
		pending := make(chan error, 1)
		p.pending = pending
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), partWait)
			defer cancel()
			pending <- p.Check(ctx)
		}()
	}
	select {
	case err := <-p.pending:
		p.pending = nil
		return err
	case <-time.After(partWait + 100*time.Millisecond): // a little more, so that a check can say what it waited for
		return errors.New("no answer within " + partWait.String())
	}
}
