// Package pager wakes people up through PagerDuty, or through a webhook of one's own.
package pager

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/evenkeel/evenkeel/activities"
)

const (
	within = 8 * time.Second
	// maxEvent bounds an event as JSON, in bytes. PagerDuty takes 512 KB.
	maxEvent = 500_000
)

// The actions of events, in PagerDuty's words.
const (
	trigger     = "trigger"
	acknowledge = "acknowledge"
	resolve     = "resolve"
)

// body is an event as JSON, unless it is too large for any pager.
func body(event any) ([]byte, error) {
	data, err := json.Marshal(event)
	if err == nil && len(data) > maxEvent {
		err = errors.New("the page has more than 500,000 bytes as JSON; say less in its details")
	}
	return data, activities.Fail(activities.InvalidInput, err)
}
