package load

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	t0 := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return t0.Add(time.Duration(ms) * time.Millisecond) }
	run := &Run{reasons: reasons{}}
	for _, x := range []struct {
		sent, took int
		failed     bool
	}{
		// Answers come in another order than they were sent in.
		{900, 10, false}, {0, 1200, true}, {999, 10, false}, {1000, 20, true}, {3500, 5, false},
	} {
		run.records = append(run.records, record{at(x.sent), time.Duration(x.took) * time.Millisecond, x.failed})
		if x.failed {
			run.reasons.add("status 503 Service Unavailable")
		}
	}
	got := run.Report()
	require.Equal(t, 5, got.Requests)
	require.Equal(t, 2, got.Failed)
	require.Equal(t, "5 requests, 2 failed; 2 × status 503 Service Unavailable", got.String())
	require.Equal(t, []Sample{
		{at(0), 3, 1, 1200 * time.Millisecond},
		{at(1000), 1, 1, 20 * time.Millisecond},
		{at(2000), 0, 0, 0},
		{at(3000), 1, 0, 5 * time.Millisecond},
	}, got.Samples)

	for _, tc := range []struct{ from, to, requests, failed int }{
		{0, 1000, 3, 1}, // 1000 itself belongs to what follows
		{1000, 4000, 2, 1},
		{1, 999, 1, 0},
		{4000, 9000, 0, 0},
		{2000, 1000, 0, 0},
	} {
		requests, failed := got.Between(at(tc.from), at(tc.to))
		require.Equal(t, []int{tc.requests, tc.failed}, []int{requests, failed}, "%+v", tc)
	}

	require.Equal(t, 10*time.Millisecond, got.Quantile(.5))
	require.Equal(t, 1200*time.Millisecond, got.Quantile(1))
	require.Zero(t, Report{}.Quantile(.5))
}

func TestReasonsAreBoundedAndStillAddUp(t *testing.T) {
	r := reasons{}
	for i := range 100 {
		r.add(fmt.Sprintf("error %d", i))
		r.add("error 3")
	}
	require.Len(t, r, maxReasons+1)
	require.Equal(t, 80, r["other"])
	require.Equal(t, 101, r["error 3"])
}
