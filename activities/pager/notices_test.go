package pager

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/pager/pagerfake"
	"github.com/evenkeel/evenkeel/internal/request"
)

// Whatever fails, a request is one alert while it is open, and none once somebody has closed it.
func TestRequestsAreAlerts(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, seed))
	kinds := []pagerfake.Kind{pagerfake.RateLimited, pagerfake.Broken, pagerfake.ResetBefore, pagerfake.ResetAfter}
	for _, name := range []string{"PagerDuty", "webhook"} {
		fake, pagers := start(t, time.Minute)
		messages := &activities.Messages{Pager: pagers[name]}
		says := func(n activities.Notice) {
			var faults []pagerfake.Fault
			for range chance.IntN(3) {
				faults = append(faults, pagerfake.Fault{Kind: kinds[chance.IntN(len(kinds))]})
			}
			fake.Fail(faults...)
			require.Eventually(t, func() bool { return messages.PageNotice(t.Context(), n) == nil }, time.Minute, time.Millisecond)
		}
		for i := range 100 {
			r := request.Request{ID: fmt.Sprintf("runbook/gpu-1/shop/restart/%d:ask.1@01234567", i), Kind: request.Approval, Step: "ask", Message: "restart it?", Min: 2}
			notice := func(about string, answers ...string) activities.Notice {
				r.Answers = answers
				of := r
				n := activities.Notice{WorkflowID: "w", RunID: "r", Notification: request.Notification{Step: "ask", About: about, Request: r.ID, Asked: &of, Severity: "Sev1", Host: "gpu-1"}}
				if len(answers) > 0 {
					n.By = answers[len(answers)-1]
				}
				return n
			}
			says(notice("opened"))
			require.Equal(t, map[string]pagerfake.State{r.ID: pagerfake.Triggered}, fake.Open())
			says(notice("escalated"))
			says(notice("approved", "anna"))
			require.Equal(t, map[string]pagerfake.State{r.ID: pagerfake.Acknowledged}, fake.Open())
			says(notice("approved", "anna", "ben"))
			require.Empty(t, fake.Open())
		}
	}
}
