// Package outside calls services beyond this installation: pagers, chat webhooks, and whoever waits for a heartbeat.
// Their addresses are mostly secrets, and so no error here has an address or a word of an answer in it.
package outside

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/address"
)

const (
	// maxHeaders bounds the head of an answer, in bytes. The rest of it is not read.
	maxHeaders = 64 << 10
	// limitWait is how long a service is left alone that says to wait and not how long.
	limitWait = time.Minute
)

// Client calls services, each call once. It may be used by several at once.
type Client struct{ http *http.Client }

// New returns a client that gives up a call after that time, and follows no redirect, which would carry the secret
// elsewhere. It goes by the proxy of the environment, if there is one.
func New(timeout time.Duration) *Client {
	return &Client{&http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment, // many hosts have no other way to the outside
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    timeout,
			DisableKeepAlives:      true, // calls are rare, and a connection that was closed meanwhile would be one failure more
			MaxResponseHeaderBytes: maxHeaders,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Call is one call.
type Call struct {
	// Method is GET or POST.
	Method string
	// URL is https, or http on this machine.
	URL string
	// Token is sent as a bearer token; empty is none.
	Token string
	// JSON is the body; empty is none.
	JSON []byte
}

// Do makes a call and returns the status of the answer, 200 to 299. Any other answer is an error of its class: 400, 413 and
// 422 are InvalidInput, 429 is RateLimited with what Retry-After says, else a minute, and an hour at most. No answer is
// Unavailable, and marked with activities.ErrNotSent where nothing left this host.
func (c *Client) Do(ctx context.Context, call Call) (status int, err error) {
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	request, err := http.NewRequestWithContext(traced, call.Method, call.URL, bytes.NewReader(call.JSON))
	if err != nil || request.URL.Host == "" {
		return 0, refused("the address is none")
	}
	if !address.Encrypted(request.URL) {
		return 0, refused("a secret is sent by https only")
	}
	request.Header.Set("User-Agent", "evenkeel")
	if len(call.JSON) > 0 {
		request.Header.Set("Content-Type", "application/json")
	}
	if call.Token != "" {
		request.Header.Set("Authorization", "Bearer "+call.Token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		err = activities.Fail(activities.Unavailable, reason(err))
		if !sent.Load() {
			err = activities.NotSent(err)
		}
		return 0, err
	}
	response.Body.Close() // what it says may repeat what it was told
	return response.StatusCode, answered(response)
}

// refused is the error of a call that is not made.
func refused(why string) error {
	return activities.NotSent(activities.Fail(activities.InvalidInput, errors.New(why)))
}

// answered is the error of an answer; a success is nil.
func answered(response *http.Response) error {
	status := response.StatusCode
	err := fmt.Errorf("the service answers %d", status)
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return activities.Fail(activities.InvalidInput, err)
	case http.StatusRequestTimeout:
		return activities.Fail(activities.Unavailable, err)
	}
	err = activities.Answered(response, err)
	if e, ok := errors.AsType[*activities.Error](err); ok && e.Class == activities.RateLimited && e.RetryAfter == 0 {
		e.RetryAfter = limitWait
	}
	return err
}

// reason is an error of net/http without the address and the name of the host. Of what is not known nothing is repeated:
// it may be what the other side said.
func reason(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	_, named := errors.AsType[*net.DNSError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case named:
		return errors.New("the name of its host is not found")
	case certificate:
		return errors.New("its certificate is not trusted")
	case network:
		return err
	}
	return errors.New("the connection failed")
}
