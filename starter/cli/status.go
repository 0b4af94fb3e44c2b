package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

func (s *starter) statusCommand() *cobra.Command {
	return s.configured(&cobra.Command{
		Use: "status", Short: "Show the workers, what is running and what has ended",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.status(cmd.Context()) },
	})
}

// overview is what `starter status` shows.
type overview struct {
	Address       string  `json:"address"`
	Namespace     string  `json:"namespace"`
	ServerVersion string  `json:"server_version"`
	Queues        []queue `json:"queues"`
	Running       []run   `json:"running"`
	// MoreRunning is true when Running does not hold all.
	MoreRunning bool  `json:"more_running"`
	Closed      []run `json:"closed"`
}

// queue is a task queue and who works on it.
type queue struct {
	Name    string   `json:"name"`
	Workers []poller `json:"workers"`
}

func (s *starter) status(ctx context.Context) error {
	hosts, err := s.hosts()
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	seen, err := look(ctx, c, hosts)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
	if s.output == "json" {
		return s.printJSON(seen)
	}
	s.printOverview(seen)
	return nil
}

// hosts names the hosts of the configuration. Without one there are none, and what is running can
// still be shown; one that is named and not there, or that is wrong, is an error.
func (s *starter) hosts() ([]string, error) {
	c, err := config.Load(s.configFile)
	var notFound *config.NotFoundError
	if errors.As(err, &notFound) && notFound.AskedBy == "" {
		return nil, nil
	}
	if err != nil {
		return nil, badConfiguration(err)
	}
	return slices.Sorted(maps.Keys(c.Hosts)), nil
}

// runningRuns is the query for what is at work, without what tells people.
const runningRuns = "ExecutionStatus = 'Running' AND WorkflowType != 'Tell'"

// look asks for what is there. What tells people is left out, unless it could not.
func look(ctx context.Context, c *connect.Connection, hosts []string) (overview, error) {
	seen := overview{Address: c.HostPort, Namespace: c.Namespace}
	info, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return seen, err
	}
	seen.ServerVersion = info.GetServerVersion()
	workers, err := pollers(ctx, c, workflows.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return seen, err
	}
	seen.Queues = []queue{{Name: workflows.TaskQueue, Workers: workers}}
	for _, host := range hosts {
		name := workflows.HostQueue(host)
		if workers, err = pollers(ctx, c, name, enums.TASK_QUEUE_TYPE_ACTIVITY); err != nil {
			return seen, err
		}
		seen.Queues = append(seen.Queues, queue{Name: name, Workers: workers})
	}
	if seen.Running, seen.MoreRunning, err = runs(ctx, c, runningRuns, runningShown); err != nil {
		return seen, err
	}
	findWaiting(ctx, c, seen.Running)
	findRetrying(ctx, c, seen.Running)
	seen.Closed, _, err = runs(ctx, c, "ExecutionStatus != 'Running' AND (WorkflowType != 'Tell' OR ExecutionStatus = 'Failed')", closedShown)
	return seen, err
}

func (s *starter) printOverview(seen overview) {
	s.Out.Printf("Temporal %s at %s, namespace %s\n\n", seen.ServerVersion, seen.Address, seen.Namespace)
	rows := [][]string{{"QUEUE", "WORKERS"}}
	for _, q := range seen.Queues {
		workers := identities(q.Workers)
		if workers == "" {
			workers = "none; start `evenkeel` or `worker`"
		}
		rows = append(rows, []string{q.Name, workers})
	}
	s.table(rows)
	s.Out.Printf("\n")
	if len(seen.Running) == 0 {
		s.Out.Printf("nothing is running\n")
	} else {
		rows = [][]string{{"RUNNING", "TYPE", "STARTED", "STATE", "SUMMARY"}}
		for _, r := range seen.Running {
			rows = append(rows, []string{r.ID, r.Type, local(r.Started), r.atWork(), r.Summary})
		}
		s.table(rows)
		printRetrying(s, seen.Running, func(r run) (id, name string, retrying []retry) { return r.ID, r.ID, r.Retrying })
	}
	if seen.MoreRunning {
		s.Out.Printf("and more: the newest %d are shown\n", len(seen.Running))
	}
	if len(seen.Closed) == 0 {
		return
	}
	s.Out.Printf("\n")
	rows = [][]string{{"ENDED", "TYPE", "AT", "OUTCOME", "SUMMARY"}}
	for _, r := range seen.Closed {
		rows = append(rows, []string{r.ID, r.Type, local(*r.Closed), r.outcome(), r.Summary})
	}
	s.table(rows)
}

func local(t time.Time) string { return t.Local().Format(time.DateTime) }
