package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// gatesShown is how many requests are shown without --all.
const gatesShown = 20

func (s *starter) gateListCommand() *cobra.Command {
	var all, mine bool
	cmd := &cobra.Command{
		Use: "list", Short: "Show what waits for a person, the nearest deadline first",
		Long: `Show what waits for a person, on all hosts, the nearest deadline first. No worker needs to run: the list shows
what each run said last. What has no room there, such as fields to fill in, the run itself is asked for; where none
answers within a second, the list names the command that shows it.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := s.dial(cmd.Context())
			if err != nil {
				return err
			}
			defer c.Close()
			return s.listGates(cmd.Context(), c, all, mine)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "show all, not only the 20 with the nearest deadline")
	cmd.Flags().BoolVar(&mine, "mine", false, "show only what you may answer; asks the hosts' workers for your groups")
	return cmd
}

// listGates shows what waits. That a host does not say what is mine hides nothing of the others.
func (s *starter) listGates(ctx context.Context, c *connect.Connection, all, mine bool) error {
	open, err := listOpen(ctx, c)
	if err != nil {
		return err
	}
	shown, others, silent := open, 0, error(nil)
	if mine {
		shown, others, silent = ofMine(ctx, c, s.me(ctx), open)
	}
	listed := gatesOf(shown, all)
	listed.Others, listed.Unknown = others, len(open)-len(shown)-others
	if complete(ctx, c, listed.Requests); ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(s.printGates(listed), silent)
}

// gates is what `starter gate list` shows.
type gates struct {
	// Open counts all, Requests are those that are shown.
	Open     int           `json:"open"`
	Requests []openRequest `json:"requests"`
	// Others are those that --mine leaves out, Unknown those of hosts that did not say whether it does.
	Others  int `json:"others,omitempty"`
	Unknown int `json:"unknown,omitempty"`
}

// openRequest is what the memo of a run says of a request, and the request itself where that is not all.
type openRequest struct {
	workflows.ListedRequest
	// Whole is the request of which the memo has not all, as its run says it now; nil where that does not answer.
	Whole *request.Request `json:"whole,omitempty"`
}

// short is the id without the workflow and the run.
func (r openRequest) short() string {
	step, _, _ := strings.Cut(r.ID, "@")
	return step
}

func gatesOf(open []openRequest, all bool) gates {
	g := gates{Open: len(open), Requests: open}
	for _, r := range open {
		g.Open += r.More
	}
	if !all && len(open) > gatesShown {
		g.Requests = open[:gatesShown]
	}
	return g
}

// listOpen reads what all runs at work ask, by deadline.
func listOpen(ctx context.Context, c *connect.Connection) ([]openRequest, error) {
	listed, err := workflows.ListRequests(ctx, c)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, missing("Temporal", firstLine(err), "see starter doctor")
	}
	open := []openRequest{}
	for _, r := range listed {
		open = append(open, openRequest{ListedRequest: r})
	}
	return open, nil
}

// wholeWait bounds how long all runs together may take to say what their memos have no room for: a list of hundreds is
// there at once, and names the command that shows the rest.
const wholeWait = time.Second

// complete asks the runs for the requests of which their memos have not all.
func complete(ctx context.Context, c *connect.Connection, shown []openRequest) {
	ctx, cancel := context.WithTimeout(ctx, wholeWait)
	defer cancel()
	var group errgroup.Group
	group.SetLimit(describers)
	for i, r := range shown {
		if !r.Cut {
			continue
		}
		group.Go(func() error {
			open, err := openRequests(ctx, c, r.WorkflowID)
			if whole, ok := requestNamed(open, r.WorkflowID+":"+r.ID); err == nil && ok {
				shown[i].Whole = &whole
			}
			return nil
		})
	}
	_ = group.Wait()
}

// isGone says of an error that there is no such run at work.
func isGone(err error) bool {
	var absent *serviceerror.NotFound
	return errors.As(err, &absent)
}
