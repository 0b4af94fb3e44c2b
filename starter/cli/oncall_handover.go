package cli

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/worker/connect"
)

func (s *starter) oncallHandoverCommand() *cobra.Command {
	var since string
	a := &audit{starter: s}
	cmd := &cobra.Command{
		Use: "handover", Short: "Show who hands over to whom, what is open, and what went wrong since the last time",
		Long: `Show who hands over to whom and when: the hand-over of the last 12 hours, else the next one. Then what waits for a
person, what is at work, and from the ledger what went wrong since the hand-over before: incidents, requests that nobody
answered, and runs that did not end well. What cannot be asked for is named, and makes exit 3; the
rest is shown. A worker reads the ledger, or with --ledger or --ledger-dsn-file it is read directly.`,
		Example: "  starter oncall handover\n  starter oncall handover --since 2026-01-09T17:00 -o json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.handover(cmd.Context(), since, time.Now())
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "show what went wrong since then, as 2026-01-09T17:00 in time_zone or as RFC 3339 (default: the hand-over before)")
	a.flags(cmd)
	return s.configured(cmd)
}

// handover is what `starter oncall handover` shows.
type handover struct {
	At       time.Time      `json:"at"`
	TimeZone string         `json:"time_zone"`
	HandOver time.Time      `json:"hand_over"`
	Since    time.Time      `json:"since"`
	Roles    []handoverRole `json:"roles"`
	// Requests wait for a person; nil where Temporal does not say.
	Requests *gates `json:"requests,omitempty"`
	// Running are at work; MoreRunning is true when it does not hold all. Nil where Temporal does not say.
	Running     []run `json:"running"`
	MoreRunning bool  `json:"more_running"`
	// Trouble is what went wrong since, the oldest first; nil where the ledger cannot be read.
	Trouble []trouble `json:"trouble"`

	zone *time.Location
}

// handoverRole is who gives a role to whom.
type handoverRole struct {
	Role oncall.Role `json:"role"`
	// From is nil at the start of the rota.
	From *oncallShift `json:"from"`
	To   oncallShift  `json:"to"`
}

func (a *audit) handover(ctx context.Context, asked string, now time.Time) error {
	c, rota, err := a.rota()
	if err != nil {
		return err
	}
	if _, err := a.direct(); err != nil {
		return err
	}
	next := rota.HandOver(now)
	if asked != "" {
		if next.Since, err = oncall.ParseTime(asked, rota.Zone); err != nil {
			return usageOf("--since", err.Error())
		}
	}
	h := handover{At: now.UTC().Truncate(time.Second), TimeZone: c.TimeZone, HandOver: next.At.UTC(), Since: next.Since.UTC(), zone: rota.Zone}
	for _, of := range next.Roles {
		role := handoverRole{Role: of.Role, To: shiftRow(of.To)}
		if of.From.Who != "" {
			from := shiftRow(of.From)
			role.From = &from
		}
		h.Roles = append(h.Roles, role)
	}
	unasked := a.fill(ctx, &h)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a.output == "json" {
		return errors.Join(a.printJSON(h), unasked)
	}
	a.printHandover(h)
	return unasked
}

// fill asks Temporal and the ledger. Whatever one of them does not say hides nothing of the other.
func (a *audit) fill(ctx context.Context, h *handover) error {
	c, err := a.dial(ctx)
	if err == nil {
		defer c.Close()
		err = h.open(ctx, c)
	} else if direct, _ := a.direct(); direct == "" {
		return err // who would read the ledger is not there either
	}
	unread := a.with(ctx, func(r records) (err error) {
		h.Trouble, err = troubles(ctx, r, h.Since)
		return err
	})
	return errors.Join(err, unread)
}

// open reads what waits for a person and what is at work.
func (h *handover) open(ctx context.Context, c *connect.Connection) error {
	open, err := listOpen(ctx, c)
	if err != nil {
		return err
	}
	asks := gatesOf(open, true)
	found, more, err := runs(ctx, c, runningRuns+" AND WorkflowType != 'GuardVRAM'", runningShown)
	if err != nil {
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
	findWaiting(ctx, c, found)
	h.Requests, h.Running, h.MoreRunning = &asks, found, more
	return nil
}
