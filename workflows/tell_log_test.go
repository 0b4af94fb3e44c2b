package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// Whoever is asked about a service sees the end of its log with the question and with the answer. A log that cannot be read
// keeps nobody from being asked.
func TestPeopleSeeTheLog(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"read":     {nil, []string{"out of memory"}},
		"away":     {temporal.NewApplicationError("the engine does not answer", activities.Unavailable), []string{"the log of model-qwen could not be read: the engine does not answer"}},
		"for good": {activities.Classify(t.Context(), activities.Fail(activities.NotFound, errors.New("no project"))), []string{"the log of model-qwen could not be read: no project"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := restart(t)
			d.Steps[3].Uses, d.Steps[3].With = "service.restart", []runbook.Filled{{Name: "service", Value: runbook.Value{Constant: "model-qwen"}}}
			s := newRunbookSite(t, d, func(r *activities.Runbooks) {
				r.Channels = func(string) activities.Channels { return activities.Channels{Chat: true} }
			})
			var docker *activities.Docker
			s.OnActivity(docker.LastLog, mock.Anything, activities.LogRequest{Project: "shop", Service: "model-qwen"}).Return(activities.ServiceLog{Lines: c.want}, c.err)
			var logs [][]string
			s.OnActivity(activities.Notify, mock.Anything, mock.Anything).Return(func(_ context.Context, n activities.Notice) (activities.Told, error) {
				logs = append(logs, n.Log)
				require.Less(t, s.Now().Sub(n.At), time.Minute)
				return activities.Told{Parent: activities.ChatRef{Channel: "C0OPS", TS: "1.0"}}, nil
			})
			s.hears(2*time.Minute, workflows.AnswerRequest, s.answers("bob@gpu1", false))
			_, err := s.run()
			require.ErrorContains(t, err, "rejected by bob@gpu1")
			require.Equal(t, [][]string{c.want, c.want}, logs)
		})
	}
}
