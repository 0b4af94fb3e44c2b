// Package prom asks a Prometheus server. It needs one call of the HTTP API, whose form has been stable since
// version 2, and so speaks it itself.
package prom

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	// within is how long the server may take for one query.
	within = 10 * time.Second
	// maxAge is how old a sample may be. Prometheus itself looks back 5 minutes, in which much can happen; it
	// scrapes once a minute or more often.
	maxAge = 2 * time.Minute
	// maxBody bounds an answer, in bytes. One value needs some hundred.
	maxBody = 1 << 20
)

// Client asks one server. It implements activities.Metrics.
type Client struct {
	base string
	http *http.Client
}

// New returns a client of the server at base, "http://127.0.0.1:9090". It gives up after 10 seconds, uses no proxy
// and follows no redirect.
func New(base string) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), http: &http.Client{
		Timeout:       within + time.Second, // the server is told to give up first, and says why
		Transport:     &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Value returns the one value of a query at the server's present time. No sample, more than one, one that is no
// finite number or was taken more than 2 minutes ago, and an answer with warnings are PreconditionFailed; a query
// that the server cannot read, or whose result is no single value, is InvalidInput. The age is that of the sample
// for a plain selector only: any other expression is as old as its evaluation, and has to guard itself.
func (c *Client) Value(ctx context.Context, query string) (float64, error) {
	answer, err := c.query(ctx, query, time.Time{})
	if err != nil {
		return 0, err
	}
	value, at, err := answer.one()
	if err != nil {
		return 0, err
	}
	if answer.Type == scalar {
		return value, nil
	}
	// A comment at the end of the query must not swallow the bracket.
	taken, err := c.query(ctx, "timestamp("+query+"\n)", at)
	if err != nil {
		return 0, fmt.Errorf("the age of the sample: %w", err)
	}
	seconds, _, err := taken.one()
	if err != nil {
		return 0, fmt.Errorf("the age of the sample: %w", err)
	}
	if then := instant(seconds); at.Sub(then) > maxAge {
		return 0, refuse("the sample is stale: the query timestamp(QUERY) says that it was taken at %s; there it is %s, and a sample may be %.0f minutes old",
			shown(then), shown(at), maxAge.Minutes())
	}
	return value, nil
}

// one returns the one value of an answer and the time for which it holds.
func (a answer) one() (float64, time.Time, error) {
	value := a.Scalar
	switch {
	case len(a.Warnings) > 0:
		return 0, time.Time{}, refuse("Prometheus warns that the answer may be wrong: %s", cut(a.Warnings[0]))
	case a.Type == vector && len(a.Vector) == 0:
		return 0, time.Time{}, refuse("no sample")
	case a.Type == vector && len(a.Vector) > 1:
		return 0, time.Time{}, refuse("%d samples, and one is wanted; aggregate them in the query", len(a.Vector))
	case a.Type == vector && a.Vector[0].Value == nil:
		return 0, time.Time{}, refuse("a histogram, and a number is wanted; take a quantile in the query")
	case a.Type == vector:
		value = *a.Vector[0].Value
	case a.Type != scalar:
		return 0, time.Time{}, activities.Fail(activities.InvalidInput, fmt.Errorf("the query gives a %s, and a single value is wanted", cut(a.Type)))
	}
	if math.IsNaN(value.number) || math.IsInf(value.number, 0) {
		return 0, time.Time{}, refuse("the sample is %v, no number", value.number)
	}
	return value.number, value.at, nil
}

func refuse(format string, args ...any) error {
	return activities.Fail(activities.PreconditionFailed, fmt.Errorf(format, args...))
}

func unavailable(err error) error { return activities.Fail(activities.Unavailable, err) }

// instant is a time that Prometheus gives in seconds.
func instant(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1000))) }

func shown(at time.Time) string { return at.UTC().Format(time.RFC3339) }

var errForm = errors.New("the answer has not the form of Prometheus' API; is prometheus.url right?")

// maxWords bounds what an error repeats of the server's words, in bytes.
const maxWords = 200

func cut(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}
