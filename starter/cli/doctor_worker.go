package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// workerConfiguration finds a worker that was started before a file was edited, or with another one.
func (d *doctor) workerConfiguration(ctx context.Context) finding {
	if d.configFault != nil || d.hostFault != nil {
		return notAsked("needs the configuration of a host")
	}
	return d.withTemporal(func(c *connect.Connection) finding {
		queue := workflows.HostQueue(d.hostName)
		workers, err := pollers(ctx, c, queue, enums.TASK_QUEUE_TYPE_ACTIVITY)
		if err != nil {
			return notAsked(firstLine(err))
		}
		if len(workers) == 0 || time.Since(workers[0].LastSeen) > pollEvery {
			return notAsked("needs a worker on " + queue)
		}
		var docker *activities.Docker
		var theirs activities.StartedWith
		err = ask(ctx, c, d.hostName, "compare the configuration", &theirs, docker.ConfiguredWith)
		return d.compared(theirs, err)
	})
}

// unanswered says of an error that nobody took a question, or gave an answer.
func unanswered(err error) bool {
	f, ok := errors.AsType[*failure](err)
	return ok && f.code == exitMissing || errors.Is(err, context.DeadlineExceeded)
}

// compared judges what the worker says. One that cannot say it, because it is of an earlier version or busy, is not
// judged.
func (d *doctor) compared(theirs activities.StartedWith, err error) finding {
	restart := "restart `evenkeel` (or `worker`) on " + d.hostName
	switch {
	case unanswered(err):
		return noted("the worker of "+d.hostName+" does not answer: "+firstLine(err), "see whether it lives, and "+restart)
	case err != nil:
		return notAsked("the worker does not say: " + firstLine(err))
	case theirs.Configuration == "":
		return notAsked("the worker does not say")
	case theirs.Configuration != d.config.SHA256:
		return noted(fmt.Sprintf("the worker of %s was started with another text than %s has now", d.hostName, d.config.Path), restart+" with that file")
	case d.installed != nil && theirs.Definitions != d.installed.Definitions.SHA256():
		return noted(fmt.Sprintf("the worker of %s was started with other definitions than %s has now", d.hostName, d.config.TemplatesDir), restart+", so that it reads them")
	}
	what := "the worker of " + d.hostName + " has read the same files"
	if len(d.config.Hosts) > 1 && d.config.Hosts[d.hostName].Key == "" && theirs.Key != "" {
		return noted(what+", and the other hosts do not believe it yet", "write hosts."+d.hostName+".key: "+theirs.Key)
	}
	return well(what)
}
