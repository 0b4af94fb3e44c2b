// Package load sends requests at a steady rate and counts, exactly, which of them failed. It is
// what says "0 failed" in the demo and in the end-to-end tests, so it never repeats a request and
// never forgives one.
package load

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Options say what to send.
type Options struct {
	// URL is where every request goes.
	URL string
	// Rate is requests per second, more than 0. The loop is open: a slow answer does not hold the
	// next request back.
	Rate float64
	// Concurrency is the most requests at a time; 0 is 256. Beyond it requests are held back, and
	// counted as held.
	Concurrency int
	// Method is the HTTP method; empty is POST.
	Method string
	// Timeout ends a request that has not been answered; 0 is 30 seconds.
	Timeout time.Duration
	// Body is sent with each request.
	Body string
}

// Run is a load that is being sent.
type Run struct {
	opts   Options
	client *http.Client
	stop   context.CancelFunc
	done   chan struct{} // closed when nothing is sent any more and all answers are in
	slots  chan struct{}

	mu      sync.Mutex
	records []record
	reasons reasons
	held    int
}

// Start sends requests until Stop, or until ctx ends. It panics when the rate is not above 0.
func Start(ctx context.Context, opts Options) *Run {
	if opts.Rate <= 0 {
		panic("load: rate is not above 0")
	}
	if opts.Concurrency <= 0 {
		opts.Concurrency = 256
	}
	if opts.Method == "" {
		opts.Method = http.MethodPost
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 30 * time.Second
	}
	ctx, stop := context.WithCancel(ctx)
	r := &Run{
		opts:    opts,
		stop:    stop,
		done:    make(chan struct{}),
		slots:   make(chan struct{}, opts.Concurrency),
		reasons: reasons{},
		client: &http.Client{
			Timeout: opts.Timeout,
			// Keep-alive stays on, as in real clients: what a reload does to idle connections is
			// part of what is counted.
			Transport: &http.Transport{MaxIdleConnsPerHost: opts.Concurrency, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return http.ErrUseLastResponse // a redirect is not a 200
			},
		},
	}
	go r.send(ctx)
	return r
}

// Stop sends no more, waits for the answers that are due and returns the whole count.
func (r *Run) Stop() Report {
	r.stop()
	<-r.done
	return r.Report()
}

// send starts each request at its own time, start + n/rate, so that the rate does not drift.
func (r *Run) send(ctx context.Context) {
	defer close(r.done)
	defer r.client.CloseIdleConnections()
	var open sync.WaitGroup
	defer open.Wait()
	gap := time.Duration(float64(time.Second) / r.opts.Rate)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for next := time.Now(); ; next = next.Add(gap) {
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		select {
		case r.slots <- struct{}{}:
		default:
			r.mu.Lock()
			r.held++
			r.mu.Unlock()
			select {
			case r.slots <- struct{}{}:
			case <-ctx.Done():
				return
			}
			next = time.Now() // what was held back is not made up for in a burst
		}
		open.Go(func() {
			defer func() { <-r.slots }()
			r.one()
		})
	}
}

// one sends one request and records it. The end of the run cuts no request off: that would be our
// failure and not the server's.
func (r *Run) one() {
	sent := time.Now()
	reason := r.try()
	took := time.Since(sent)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, record{sent: sent, took: took, failed: reason != ""})
	if reason != "" {
		r.reasons.add(reason)
	}
}

// unrewindable hides everything of a body but Read. Go's transport silently sends a request a second
// time when a reused connection broke before the first byte of the answer, and also when nothing
// had been written, if it can start over: without a body, or with GetBody, which net/http sets
// for the readers that it knows. A body that it can neither skip nor rewind makes it return the
// error instead, which is what we are here to count.
type unrewindable struct{ io.Reader }

// try returns why the request failed, or nothing.
func (r *Run) try() string {
	req, err := http.NewRequest(r.opts.Method, r.opts.URL, unrewindable{strings.NewReader(r.opts.Body)})
	if err != nil {
		return explain(err)
	}
	// 0 would mean unknown, which is right for an empty body: no body would be one to skip.
	req.ContentLength = int64(len(r.opts.Body))
	resp, err := r.client.Do(req)
	if err != nil {
		return explain(err)
	}
	defer resp.Body.Close()
	failed := ""
	if resp.StatusCode != http.StatusOK {
		failed = strings.TrimSuffix("status "+resp.Status+": "+why(resp.Body), ": ")
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return explain(err)
	}
	return failed
}

// why is what the product says of an answer that is not 200, or nothing: nginx and others say it in HTML.
func why(answer io.Reader) string {
	var said struct {
		Error string `json:"error"`
	}
	_ = json.NewDecoder(io.LimitReader(answer, 1<<20)).Decode(&said) // what is not JSON says nothing
	return said.Error
}
