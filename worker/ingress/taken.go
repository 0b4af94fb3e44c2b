package ingress

import (
	"errors"
	"sync"
	"time"
)

const (
	// apart is how far a signed time may be from now, and for how long what an alert started is remembered.
	apart = 5 * time.Minute
	// maxTaken bounds how much is remembered.
	maxTaken = 10_000
)

// taken remembers which messages were taken, so that one that comes again does nothing.
type taken struct {
	now func() time.Time
	max int

	mu sync.Mutex
	// at is when each was taken, and zero while it is being taken.
	at map[string]time.Time
	// order are those that were taken, the oldest first.
	order []string
}

func newTaken(now func() time.Time) *taken {
	return &taken{now: now, max: maxTaken, at: map[string]time.Time{}}
}

// errBusy says that a message cannot be taken just now.
var errBusy = errors.New("it is being taken, or too many were")

// begin returns false for a message that was taken before. Whoever gets true says by end how it went. The error is
// errBusy: the same one is being taken, or another would have to be forgotten while its time may still be a good one.
func (t *taken) begin(id string) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.at[id]
	switch {
	case known && at.IsZero():
		return false, errBusy
	case known:
		return false, nil
	case len(t.at) < t.max:
	case len(t.order) == 0 || t.now().Sub(t.at[t.order[0]]) <= 2*apart: // its time may have lain ahead
		return false, errBusy
	default:
		t.forget()
	}
	t.at[id] = time.Time{}
	return true, nil
}

// end says whether a message was taken. One that was not may come again.
func (t *taken) end(id string, done bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.at, id)
	if done {
		t.add(id)
	}
}

// note remembers a message that may be forgotten when there are too many.
func (t *taken) note(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.order) >= t.max {
		t.forget()
	}
	t.add(id)
}

// recent says whether a message was noted lately.
func (t *taken) recent(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, known := t.at[id]
	return known && t.now().Sub(at) < apart
}

func (t *taken) add(id string) {
	if _, again := t.at[id]; !again {
		t.order = append(t.order, id)
	}
	t.at[id] = t.now()
}

func (t *taken) forget() {
	delete(t.at, t.order[0])
	t.order = t.order[1:]
}
