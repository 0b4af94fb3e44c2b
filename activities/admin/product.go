package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/evenkeel/evenkeel/activities"
)

// maxBody is how much of an answer is read, in bytes.
const maxBody = 1 << 20

// Order POSTs body as JSON, or nothing when it is nil.
func (c *Client) Order(ctx context.Context, url string, body any) error {
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			return activities.Fail(activities.InvalidInput, err)
		}
	}
	return c.call(ctx, http.MethodPost, url, data)
}

// ModelHealth asks for one model. The product answers 200 when it is well and 503, in the same form, when it is
// not.
func (c *Client) ModelHealth(ctx context.Context, address, model string) (activities.ModelHealth, error) {
	var said struct {
		Models map[string]struct {
			Healthy *bool  `json:"healthy"`
			Breaker string `json:"breaker"`
		} `json:"models"`
	}
	target, err := url.Parse(address)
	if err != nil {
		return activities.ModelHealth{}, activities.Fail(activities.InvalidInput, errors.New("the address is none"))
	}
	query := target.Query()
	query.Set("model", model)
	target.RawQuery = query.Encode()
	if err := c.read(ctx, target.String(), &said, http.StatusOK, http.StatusServiceUnavailable); err != nil {
		return activities.ModelHealth{}, err
	}
	health, ok := said.Models[model]
	if !ok || health.Healthy == nil || health.Breaker != "open" && health.Breaker != "closed" {
		return activities.ModelHealth{}, form(target.String())
	}
	return activities.ModelHealth{Healthy: *health.Healthy, Breaker: health.Breaker}, nil
}

// CacheStats adds up what the replica says of its modes.
func (c *Client) CacheStats(ctx context.Context, address string) (activities.CacheStats, error) {
	var said struct {
		Bypass *bool `json:"bypass"`
		Modes  map[string]struct {
			Hits   int64 `json:"hits"`
			Misses int64 `json:"misses"`
		} `json:"modes"`
	}
	if err := c.read(ctx, address, &said, http.StatusOK); err != nil {
		return activities.CacheStats{}, err
	}
	if said.Bypass == nil || said.Modes == nil {
		return activities.CacheStats{}, form(address)
	}
	stats := activities.CacheStats{Bypass: *said.Bypass}
	for _, mode := range said.Modes {
		if mode.Hits < 0 || mode.Misses < 0 {
			return activities.CacheStats{}, form(address)
		}
		stats.Hits += mode.Hits
		stats.Misses += mode.Misses
	}
	return stats, nil
}

// Downshifts returns the modes that are served as another one, with that one.
func (c *Client) Downshifts(ctx context.Context, address string) (map[string]string, error) {
	var said struct {
		Active map[string]string `json:"active"`
	}
	if err := c.read(ctx, address, &said, http.StatusOK); err != nil {
		return nil, err
	}
	if said.Active == nil {
		return nil, form(address)
	}
	return said.Active, nil
}

// read GETs JSON. Only an answer with one of the statuses is read, and none of it ends in an error.
func (c *Client) read(ctx context.Context, address string, into any, statuses ...int) error {
	response, err := c.send(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if !slices.Contains(statuses, response.StatusCode) {
		err := activities.Answered(response, fmt.Errorf("GET %s answers %d", address, response.StatusCode))
		if err == nil { // 204 and the like
			return form(address)
		}
		return err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err != nil {
		return activities.Fail(activities.Unavailable, fmt.Errorf("read GET %s: %w", address, err))
	}
	if len(body) > maxBody || json.Unmarshal(body, into) != nil {
		if response.StatusCode >= 500 { // whoever answers in place of the product
			return activities.Fail(activities.Unavailable, fmt.Errorf("GET %s answers %d", address, response.StatusCode))
		}
		return form(address)
	}
	return nil
}

// form is the error of an answer that is not as expected.
func form(address string) error {
	return activities.Fail(activities.PreconditionFailed, fmt.Errorf("GET %s answers something else than this path should", address))
}
