package ingress

import (
	"sync"
	"time"
)

const (
	// pressesPerHour is how often one person may press about one request in an hour: each press is in the history of a run,
	// which has an end.
	pressesPerHour = 12
	// maxOften bounds how many are counted at a time.
	maxOften = 10_000
)

// often counts who does something how often.
type often struct {
	now func() time.Time

	mu    sync.Mutex
	since time.Time
	times map[string]int
}

// tooOften counts once more, and says whether that is more than there may be in this hour. Where too many are counted nobody
// new may do it: that is no crowd of people.
func (o *often) tooOften(key string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := o.now(); o.times == nil || now.Sub(o.since).Abs() >= time.Hour {
		o.since, o.times = now, map[string]int{}
	}
	if _, known := o.times[key]; !known && len(o.times) >= maxOften {
		return true
	}
	o.times[key]++
	return o.times[key] > pressesPerHour
}
