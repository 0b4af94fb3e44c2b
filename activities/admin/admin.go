// Package admin speaks to the product's own HTTP API on a replica.
package admin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const within = 10 * time.Second

// Client calls the admin API. It implements activities.Product and activities.ProductAPI.
type Client struct {
	token string
	http  *http.Client
}

// New returns a client that sends token as a bearer token, or none when it is empty. It gives up
// after 10 seconds, uses no proxy and follows no redirect, which would carry the token elsewhere.
func New(token string) *Client {
	return &Client{token: token, http: &http.Client{
		Timeout:       within,
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Drain POSTs to url: the replica is to take no new work. A product without that path is NotFound.
func (c *Client) Drain(ctx context.Context, url string) error {
	return c.call(ctx, http.MethodPost, url, nil)
}

// Resume DELETEs url: the replica may take work again. A product without that path is NotFound.
func (c *Client) Resume(ctx context.Context, url string) error {
	return c.call(ctx, http.MethodDelete, url, nil)
}

// call sends a body, if there is one, and reads no answer: its words would end in a history, and it may repeat
// the token.
func (c *Client) call(ctx context.Context, method, url string, body []byte) error {
	response, err := c.send(ctx, method, url, body)
	if err != nil {
		return err
	}
	response.Body.Close()
	return activities.Answered(response, fmt.Errorf("%s %s answers %d", method, url, response.StatusCode))
}

// send sends a request. An error of one that never left is marked with activities.ErrNotSent.
func (c *Client) send(ctx context.Context, method, url string, body []byte) (*http.Response, error) {
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, err := http.NewRequestWithContext(traced, method, url, bytes.NewReader(body))
	if err == nil && request.URL.Host == "" {
		err = errors.New("no host")
	}
	if err != nil {
		return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("url %q: %w", url, err))
	}
	if len(body) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		err = activities.Fail(activities.Unavailable, err)
		if !sent.Load() {
			err = activities.NotSent(err)
		}
		return nil, err
	}
	return response, nil
}
