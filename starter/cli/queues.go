package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/worker/connect"
)

// pollEvery is a little more than one long poll takes. A worker that was not seen for longer has
// most likely ended; the server goes on listing it for five minutes.
const pollEvery = 75 * time.Second

// poller is a worker that asks a queue for work.
type poller struct {
	Identity string    `json:"identity"`
	LastSeen time.Time `json:"last_seen"`
}

func (p poller) String() string {
	if age := time.Since(p.LastSeen); age > pollEvery {
		return fmt.Sprintf("%s (last seen %s ago)", p.Identity, age.Round(time.Second))
	}
	return p.Identity
}

// pollers lists who asks a queue for tasks of one kind, the one seen last first.
func pollers(ctx context.Context, c *connect.Connection, queue string, kind enums.TaskQueueType) ([]poller, error) {
	answer, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
		Namespace:     c.Namespace,
		TaskQueue:     &taskqueue.TaskQueue{Name: queue, Kind: enums.TASK_QUEUE_KIND_NORMAL},
		TaskQueueType: kind,
	})
	if err != nil {
		return nil, err
	}
	found := []poller{}
	for _, p := range answer.GetPollers() {
		found = append(found, poller{Identity: p.GetIdentity(), LastSeen: p.GetLastAccessTime().AsTime()})
	}
	slices.SortFunc(found, func(a, b poller) int { return b.LastSeen.Compare(a.LastSeen) })
	return found, nil
}

// identities joins the names of all pollers.
func identities(all []poller) string {
	var out []string
	for _, p := range all {
		out = append(out, p.String())
	}
	return strings.Join(out, ", ")
}
