// Package admin speaks to the product's own HTTP API on a replica.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	within = 10 * time.Second
	// maxWait is the longest Retry-After that is believed.
	maxWait = time.Hour
)

// Client calls the admin API. It implements activities.Product.
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
	return c.call(ctx, http.MethodPost, url)
}

// Resume DELETEs url: the replica may take work again. A product without that path is NotFound.
func (c *Client) Resume(ctx context.Context, url string) error {
	return c.call(ctx, http.MethodDelete, url)
}

func (c *Client) call(ctx context.Context, method, url string) error {
	request, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err == nil && request.URL.Host == "" {
		err = errors.New("no host")
	}
	if err != nil {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("url %q: %w", url, err))
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return activities.Fail(activities.Unavailable, err)
	}
	// The body is not read: its words would end in a history, and an answer may repeat the token.
	response.Body.Close()
	return refusal(response, fmt.Errorf("%s %s answers %d", method, url, response.StatusCode))
}

// refusal gives err the class of the answer; a success is nil.
func refusal(response *http.Response, err error) error {
	switch status := response.StatusCode; {
	case status < 300:
		return nil
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return activities.Fail(activities.NotFound, err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return activities.Fail(activities.PermissionDenied, err)
	case status == http.StatusTooManyRequests:
		return &activities.Error{Class: activities.RateLimited, RetryAfter: retryAfter(response.Header.Get("Retry-After")), Err: err}
	case status >= 500:
		return activities.Fail(activities.Unavailable, err)
	default:
		return activities.Fail(activities.PreconditionFailed, err)
	}
}

// retryAfter reads seconds or a date; 0 leaves the time to the retry policy.
func retryAfter(value string) time.Duration {
	wait := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(min(seconds, int(maxWait/time.Second))) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		wait = time.Until(at)
	}
	return max(0, min(wait, maxWait))
}
