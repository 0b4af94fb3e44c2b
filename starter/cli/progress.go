package cli

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/terminal"
)

// progress prints the steps of one or more runs as their histories grow, and what is retried in them. A
// history outlives the worker, so a run is followed through a crash of it.
type progress struct {
	out *terminal.Writer
	// live says that out is a terminal of that many columns, where the line of a step that is at work is
	// written over by what comes next.
	live    bool
	columns int
	mu      sync.Mutex
	open    bool
	// retrying is the label of the run whose retry stands in the open line, so that several do not take
	// turns in it.
	retrying string
	server   outage
}

// newProgress writes to standard error in JSON mode, so that standard output stays one document.
func (s *starter) newProgress() *progress {
	out := s.Out
	if s.output == "json" {
		out = s.Err
	}
	return &progress{out: out, live: isTerminal(out), columns: columns(out)}
}

// follow shows a run until it has ended.
func (p *progress) follow(ctx context.Context, c client.Client, run client.WorkflowRun, label string) error {
	f := &followed{p: p, label: label, steps: map[int64]stepAtWork{}, news: retryNews{}}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { newRetryLooker(c).watch(watching, run, f.retries, f.silent) })
	defer watch.Wait()
	defer stop()
	history := c.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return err
		}
		f.event(event)
	}
	return ctx.Err()
}

// line writes what happened when; atWork is for what goes on, whose line is written over on a terminal. The
// caller holds mu.
func (p *progress) line(label string, at time.Time, text string, atWork bool) {
	if p.open {
		p.out.Control("\r\x1b[K")
	}
	text = fmt.Sprintf("%s  %-12s %s", at.Local().Format(time.TimeOnly), printable(label), printable(text))
	p.retrying = ""
	if p.open = atWork && p.live; p.open {
		fmt.Fprint(p.out, clip(text+" …", p.columns-1))
		return
	}
	p.out.Printf("%s\n", text)
}
