package prom

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

// The types of a result that hold single values.
const (
	vector = "vector"
	scalar = "scalar"
)

// answer is what a query gave.
type answer struct {
	Type     string
	Vector   []sample
	Scalar   pair
	Warnings []string
}

type sample struct {
	// Value is nil for a native histogram.
	Value *pair `json:"value"`
}

// pair is a value and the time for which it holds, [1435781451.781, "1"] in JSON.
type pair struct {
	at     time.Time
	number float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *pair) UnmarshalJSON(data []byte) error {
	var raw []json.RawMessage
	var seconds float64
	var text string
	err := json.Unmarshal(data, &raw)
	if err == nil && len(raw) != 2 {
		err = errForm
	}
	if err == nil {
		err = json.Unmarshal(raw[0], &seconds)
	}
	if err == nil {
		err = json.Unmarshal(raw[1], &text)
	}
	if err == nil {
		p.number, err = strconv.ParseFloat(text, 64)
	}
	p.at = instant(seconds)
	return err
}

// query asks once, for the time at or, when that is zero, for the server's present time.
func (c *Client) query(ctx context.Context, query string, at time.Time) (answer, error) {
	form := url.Values{"query": {query}, "timeout": {within.String()}}
	if !at.IsZero() {
		form.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1/query", strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, activities.Fail(activities.InvalidInput, err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, unavailable(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return answer{}, unavailable(fmt.Errorf("read the answer of Prometheus: %w", err))
	}
	if len(body) > maxBody {
		return answer{}, refuse("Prometheus answers more than %d bytes, and one value is wanted", maxBody)
	}
	return parse(response, body)
}

// parse reads an answer. The words of an error are repeated only where they are Prometheus' own.
func parse(response *http.Response, body []byte) (answer, error) {
	var said struct {
		Status   string   `json:"status"`
		Words    string   `json:"error"`
		Warnings []string `json:"warnings"`
		Data     struct {
			Type   string          `json:"resultType"`
			Result json.RawMessage `json:"result"`
		} `json:"data"`
	}
	err := json.Unmarshal(body, &said)
	if response.StatusCode != http.StatusOK {
		words := ""
		if err == nil && said.Status == "error" {
			words = ": " + cut(said.Words)
		}
		return answer{}, refusal(response, fmt.Errorf("the server of prometheus.url answers %d%s", response.StatusCode, words))
	}
	out := answer{Type: said.Data.Type, Warnings: said.Warnings}
	switch {
	case err != nil:
	case said.Status != "success" || out.Type == "":
		err = errForm
	case out.Type == vector:
		err = json.Unmarshal(said.Data.Result, &out.Vector)
	case out.Type == scalar:
		err = json.Unmarshal(said.Data.Result, &out.Scalar)
	}
	if err != nil {
		return answer{}, unavailable(errForm)
	}
	return out, nil
}

// refusal gives an answer other than 200 its class: what Prometheus calls a bad request is a query that it cannot
// read.
func refusal(response *http.Response, err error) error {
	switch {
	case response.StatusCode < 300:
		return unavailable(errForm)
	case response.StatusCode == http.StatusBadRequest:
		return activities.Fail(activities.InvalidInput, err)
	default:
		return activities.Answered(response, err)
	}
}
