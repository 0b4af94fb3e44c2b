package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/starter/cli"
	"github.com/evenkeel/evenkeel/workflows"
)

// BenchmarkGateList is how long starter gate list takes with 10, 100 and 1,000 open requests, beside one bare list of
// the same runs.
func BenchmarkGateList(b *testing.B) {
	site := newRunSite(b, []string{"/bin/true"}, waitingRunbook(b, 1))
	b.Setenv("TEMPORAL_ADDRESS", site.s.HostPort())
	open := 0
	for b.Loop() {
		for _, want := range []int{10, 100, 1000} {
			for ; open < want; open++ {
				site.wait(b, open)
			}
			for site.listed(b) < want { // the server fills its list of runs behind the runs
				time.Sleep(tick)
			}
			var ours, bare []float64
			for range 5 {
				began := time.Now()
				require.Equal(b, want, site.listed(b))
				ours = append(ours, time.Since(began).Seconds()*1000)
				began = time.Now()
				page, err := site.c.ListWorkflow(b.Context(), &workflowservice.ListWorkflowExecutionsRequest{
					PageSize: 1000, Query: "TaskQueue = '" + workflows.TaskQueue + "' AND ExecutionStatus = 'Running'",
				})
				require.NoError(b, err)
				require.Len(b, page.GetExecutions(), want)
				bare = append(bare, time.Since(began).Seconds()*1000)
			}
			b.ReportMetric(middle(ours), fmt.Sprintf("ms/list-of-%d", want))
			b.ReportMetric(middle(ours)/middle(bare), fmt.Sprintf("ratio-of-%d", want))
		}
	}
	b.ReportMetric(0, "ns/op")
}

// listed is how many requests starter gate list shows, once the list of runs has them all.
func (s runSite) listed(b *testing.B) int {
	b.Helper()
	var out, errs bytes.Buffer
	code := cli.Execute(b.Context(), cli.Streams{Out: &out, Err: &errs}, []string{"gate", "list", "--all", "-o", "json"})
	require.Zero(b, code, errs.String())
	var list struct {
		Requests []json.RawMessage `json:"requests"`
	}
	require.NoError(b, json.Unmarshal(out.Bytes(), &list))
	return len(list.Requests)
}
