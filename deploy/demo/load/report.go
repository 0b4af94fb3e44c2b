package load

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Report is what became of the requests that have been answered, or given up, so far.
type Report struct {
	Requests int
	// Failed counts every transport error and every status but 200.
	Failed int
	// ByReason counts the failed ones by status or error; rare ones beyond 20 are under "other".
	ByReason map[string]int
	// Held counts the requests that had to wait because Options.Concurrency were open.
	Held int
	// Samples has one entry per second, from the first request to the last, by the time of sending.
	Samples []Sample

	records []record // in order of sending
}

// Sample is one second of a load.
type Sample struct {
	At       time.Time // start of the second
	Requests int
	Failed   int
	Slowest  time.Duration // of the requests sent in this second
}

type record struct {
	sent   time.Time
	took   time.Duration
	failed bool
}

// Report returns the count so far. Requests that are still open are not in it.
func (r *Run) Report() Report {
	r.mu.Lock()
	records := slices.Clone(r.records)
	out := Report{Requests: len(records), Held: r.held, ByReason: maps.Clone(map[string]int(r.reasons))}
	r.mu.Unlock()

	slices.SortFunc(records, func(a, b record) int { return a.sent.Compare(b.sent) })
	out.records = records
	for _, n := range out.ByReason {
		out.Failed += n
	}
	for _, x := range records {
		second := int(x.sent.Sub(records[0].sent) / time.Second)
		for len(out.Samples) <= second {
			at := records[0].sent.Add(time.Duration(len(out.Samples)) * time.Second)
			out.Samples = append(out.Samples, Sample{At: at})
		}
		s := &out.Samples[second]
		s.Requests++
		s.Slowest = max(s.Slowest, x.took)
		if x.failed {
			s.Failed++
		}
	}
	return out
}

// Between counts the requests that were sent from t0 on and before t1: phases that follow each
// other add up to the whole.
func (r Report) Between(t0, t1 time.Time) (requests, failed int) {
	for _, x := range r.records {
		if x.sent.Before(t0) || !x.sent.Before(t1) {
			continue
		}
		requests++
		if x.failed {
			failed++
		}
	}
	return requests, failed
}

// Quantile returns the time within which the share q of the requests was answered, 0 ≤ q ≤ 1, and
// 0 without any request.
func (r Report) Quantile(q float64) time.Duration {
	if len(r.records) == 0 {
		return 0
	}
	took := make([]time.Duration, len(r.records))
	for i, x := range r.records {
		took[i] = x.took
	}
	slices.Sort(took)
	return took[min(int(q*float64(len(took))), len(took)-1)]
}

// String says it in one line, reasons in alphabetical order.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests, %d failed", r.Requests, r.Failed)
	for _, reason := range slices.Sorted(maps.Keys(r.ByReason)) {
		fmt.Fprintf(&b, "; %d × %s", r.ByReason[reason], reason)
	}
	return b.String()
}

// maxReasons bounds ByReason: an error text may hold anything.
const maxReasons = 20

type reasons map[string]int

func (r reasons) add(reason string) {
	if _, known := r[reason]; !known && len(r) >= maxReasons {
		reason = "other"
	}
	r[reason]++
}

// explain shortens an error to what is the same for every request: without URL and ports.
func explain(err error) string {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		if ue.Timeout() {
			return "timeout"
		}
		err = ue.Err
	}
	if oe, ok := errors.AsType[*net.OpError](err); ok {
		return oe.Op + ": " + oe.Err.Error()
	}
	return err.Error()
}
