package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// withTemporal runs a check that needs the connection.
func (d *doctor) withTemporal(do func(*connect.Connection) finding) finding {
	c, err := d.temporal()
	if err != nil {
		return notAsked("needs the Temporal server")
	}
	return do(c)
}

func (d *doctor) temporalServer(ctx context.Context) finding {
	c, err := d.temporal()
	if f, ok := errors.AsType[*failure](err); ok {
		return lacking(f.what, f.hint)
	}
	info, err := c.WorkflowService().GetSystemInfo(ctx, &workflowservice.GetSystemInfoRequest{})
	if err != nil {
		return lacking(firstLine(err), "see whether it hangs")
	}
	return well(fmt.Sprintf("%s at %s", info.GetServerVersion(), c.HostPort))
}

func (d *doctor) namespace(ctx context.Context) finding {
	return d.withTemporal(func(c *connect.Connection) finding {
		answer, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
		var unknown *serviceerror.NamespaceNotFound
		switch {
		case errors.As(err, &unknown):
			return lacking("there is no "+c.Namespace, "set TEMPORAL_NAMESPACE, or make it with temporal operator namespace create -n "+c.Namespace)
		case err != nil:
			return notAsked(firstLine(err))
		}
		days := answer.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration().Hours() / 24
		return well(fmt.Sprintf("%s, keeps ended runs for %.4g days", c.Namespace, days))
	})
}

func (d *doctor) searchAttributes(ctx context.Context) finding {
	return d.withTemporal(func(c *connect.Connection) finding {
		present, absent, err := searchAttributes(ctx, c)
		var wrong *failure
		switch {
		case errors.As(err, &wrong):
			return noted(wrong.what, wrong.hint)
		case err != nil:
			return notAsked(firstLine(err))
		case len(absent) > 0:
			return noted("the namespace lacks "+strings.Join(absent, ", "), "add them with starter init --search-attributes")
		}
		return well(strings.Join(present, ", "))
	})
}

func (d *doctor) sharedQueue(ctx context.Context) finding {
	return d.polled(ctx, workflows.TaskQueue, enums.TASK_QUEUE_TYPE_WORKFLOW, "start `evenkeel` or `worker`")
}

func (d *doctor) hostQueue(ctx context.Context) finding {
	if d.configFault != nil || d.hostFault != nil {
		return notAsked("needs the configuration of a host")
	}
	return d.polled(ctx, workflows.HostQueue(d.hostName), enums.TASK_QUEUE_TYPE_ACTIVITY, "start `evenkeel` or `worker` on "+d.hostName)
}

func (d *doctor) polled(ctx context.Context, queue string, kind enums.TaskQueueType, hint string) finding {
	return d.withTemporal(func(c *connect.Connection) finding {
		workers, err := pollers(ctx, c, queue, kind)
		switch {
		case err != nil:
			return notAsked(firstLine(err))
		case len(workers) == 0:
			return lacking("no worker on "+queue, hint)
		case time.Since(workers[0].LastSeen) > pollEvery:
			return noted(queue+": "+identities(workers), "see whether the worker still runs")
		}
		return well(queue + ": " + identities(workers))
	})
}
