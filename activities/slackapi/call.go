package slackapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/address"
)

// maxBody bounds an answer, in bytes.
const maxBody = 1 << 20

var (
	// errForm is the error of an answer that is not as Slack's are. What was asked for may be done.
	errForm = activities.Fail(activities.Unavailable, errors.New("the answer has not the form of Slack's"))
	// errTooLarge is the error of an answer above maxBody.
	errTooLarge = activities.Fail(activities.Unavailable, fmt.Errorf("the answer has more than %d bytes", maxBody))
)

// caller sends requests, each once. An answer that it returns says "ok": true; all others are errors with a class.
// It is what slack-go sends with, so that its own errors, of which some would be lost and one is no error, are never met.
type caller struct{ http *http.Client }

func newCaller(timeout time.Duration) *caller {
	return &caller{&http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment, // Slack is outside, where many hosts have no other way to
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: timeout,
			IdleConnTimeout:     time.Minute,
			MaxIdleConnsPerHost: 4,
		},
		// A redirect would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Do sends a request and reads the whole answer. The error of a request of which nothing left is marked with
// activities.ErrNotSent.
func (c *caller) Do(request *http.Request) (*http.Response, error) {
	if !address.Encrypted(request.URL) {
		return nil, activities.NotSent(activities.Fail(activities.InvalidInput, errors.New("a token is sent by https only")))
	}
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	response, err := c.http.Do(request.WithContext(traced))
	if err != nil {
		err = activities.Fail(activities.Unavailable, reason(err))
		if !sent.Load() {
			err = activities.NotSent(err)
		}
		return nil, err
	}
	defer response.Body.Close()
	if status := response.StatusCode; status != http.StatusOK {
		return nil, answered(response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return nil, activities.Fail(activities.Unavailable, fmt.Errorf("read the answer: %w", reason(err)))
	}
	if len(body) > maxBody {
		return nil, errTooLarge
	}
	if err := refusal(body); err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}

// answered is the error of a status other than 200.
func answered(response *http.Response) error {
	err := fmt.Errorf("the server answers %d", response.StatusCode)
	if status := response.StatusCode; status < 300 || status == http.StatusRequestTimeout {
		return activities.Fail(activities.Unavailable, err)
	}
	return activities.Answered(response, err)
}

// reason is an error of net/http without the address, which the method's name replaces. Errors that are not known may
// repeat what the other side said, which may be what we said to it.
func reason(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	_, network := errors.AsType[net.Error](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	if network || certificate || errors.Is(err, context.Canceled) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return errors.New("the connection failed")
}

// ask calls a method that reads, and decodes only what into has. slack-go decodes every message of a channel whole,
// and one of somebody else's that it cannot read would hide all others.
func (c *Client) ask(ctx context.Context, method string, form url.Values, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+method, strings.NewReader(form.Encode()))
	if err != nil {
		return activities.NotSent(activities.Fail(activities.InvalidInput, fmt.Errorf("%s: the address of the API is none", method)))
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Authorization", "Bearer "+c.token)
	response, err := c.http.Do(request)
	if err != nil {
		return failed(method, err)
	}
	defer response.Body.Close()
	if json.NewDecoder(response.Body).Decode(into) != nil {
		return failed(method, errForm)
	}
	return nil
}

// failed names the method in an error. One without a class is slack-go's and comes after the answer, which it could
// not read: it may repeat what stands in it, and so is not repeated.
func failed(method string, err error) error {
	switch {
	case err == nil:
		return nil
	case activities.ClassOf(err) == "":
		err = errForm
	}
	return fmt.Errorf("%s: %w", method, err)
}
