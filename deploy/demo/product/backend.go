package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"
)

// backend is where the app's answers come from: models in this process, or model servers.
type backend interface {
	generate(ctx context.Context, model string, latency time.Duration) error
	health(ctx context.Context, model string) error
}

// modelClient asks model servers over HTTP.
type modelClient struct {
	urls map[string]string
	http *http.Client
}

func newModelClient(urls map[string]string) *modelClient {
	return &modelClient{urls: urls, http: &http.Client{
		Timeout:   time.Minute,
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
	}}
}

func (c *modelClient) generate(ctx context.Context, model string, latency time.Duration) error {
	return c.call(ctx, http.MethodPost, model, "/generate",
		"ms="+strconv.FormatInt(latency.Milliseconds(), 10))
}

func (c *modelClient) health(ctx context.Context, model string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return c.call(ctx, http.MethodGet, model, "/health/llm", "")
}

func (c *modelClient) call(ctx context.Context, method, model, path, query string) error {
	target := c.urls[model] + path + "?model=" + url.QueryEscape(model) + "&" + query
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s: %w", model, err)
	}
	defer resp.Body.Close()
	// An unread body would cost the connection.
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", model, resp.Status)
	}
	return nil
}

const (
	breakerFailures = 5                // failures in a row that open a breaker
	breakerPause    = 10 * time.Second // how long it stays open before one call may try again
)

// breakers keep the app from calling a model that is known to be ill.
type breakers struct {
	mu sync.Mutex
	by map[string]*breaker
}

type breaker struct {
	forced   bool // opened by a person or a runbook, who closes it again
	failures int
	retryAt  time.Time
}

func newBreakers() *breakers {
	b := &breakers{by: map[string]*breaker{}}
	for _, model := range modelsOf["creative"] {
		b.by[model] = &breaker{}
	}
	return b
}

// allow says whether the model may be called. When a pause is over it lets one caller through and
// holds the others off for another pause, or until that call succeeded.
func (b *breakers) allow(model string, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.by[model]
	if x.forced {
		return false
	}
	if x.failures < breakerFailures {
		return true
	}
	if now.Before(x.retryAt) {
		return false
	}
	x.retryAt = now.Add(breakerPause)
	return true
}

func (b *breakers) report(model string, err error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.by[model]
	if err == nil {
		x.failures = 0
		return
	}
	x.failures++
	x.retryAt = now.Add(breakerPause)
}

// force opens or closes the breaker of a model. It answers false for one that it does not know.
func (b *breakers) force(model string, open bool) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	x := b.by[model]
	if x == nil {
		return false
	}
	*x = breaker{forced: open}
	return true
}

// state is open or closed.
func (b *breakers) state(model string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if x := b.by[model]; x.forced || x.failures >= breakerFailures {
		return "open"
	}
	return "closed"
}
