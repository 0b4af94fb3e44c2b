package cli

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/workflows"
)

func (s *starter) slackCommand() *cobra.Command {
	return group("slack", "Try the way to Slack and back", s.slackTestCommand())
}

func (s *starter) slackTestCommand() *cobra.Command {
	var within string
	cmd := &cobra.Command{
		Use: "test", Short: "Post a message with a button, and wait for its press",
		Long: `Post a message with a button into slack.channel, and wait until somebody who is in a group of the configuration
presses it: the way of every request, out and back. Nothing follows from a press. Exit 1 when nobody has pressed in
time. A press that does not count is shown with why.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := strictyaml.ParseDuration(within)
			if err == nil && (time.Duration(d) < time.Second || time.Duration(d) > workflows.MaxSlackTest) {
				err = fmt.Errorf("%s is too short or too long", within)
			}
			if err != nil {
				return usage("--within", err.Error(), "write 1s to 1h")
			}
			return s.slackTest(cmd.Context(), time.Duration(d))
		},
	}
	cmd.Flags().StringVar(&within, "within", "2m", "how long to wait for the press, at most 1h")
	return s.onHost(cmd)
}

func (s *starter) slackTest(ctx context.Context, within time.Duration) error {
	c, host, _, err := s.configuration()
	switch {
	case err != nil:
		return err
	case c.Slack == nil:
		return missing("configuration", c.Path+" has no slack", "set it: see docs/operations.md")
	case len(c.Groups) == 0:
		return missing("configuration", c.Path+" has no groups, so that nobody's press counts", "write them under groups")
	case c.Slack.Team == "": // the tokens may be in the environment of the worker alone
		return missing("configuration", c.Path+" has no slack.team, so that no press comes in", "set it, and slack.app_token_file or slack.signing_secret_file")
	}
	t, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer t.Close()
	start := workflows.StartSlackTest(workflows.SlackTestRequest{
		Host: host, Groups: slices.Sorted(maps.Keys(c.Groups)), LimitSeconds: int(within / time.Second), By: s.me(ctx),
	}, strings.ToLower(rand.Text()))
	s.begun = "the message may stand in Slack until its time is over"
	run, err := t.ExecuteWorkflow(ctx, start.Options, start.Workflow, start.Request)
	if err != nil {
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
	if s.output == "text" {
		fmt.Fprintf(s.Out, "posted into %s: press Confirm there within %s\n", c.Slack.Channel, within)
	}
	var result workflows.SlackTestResult
	if err := run.Get(ctx, &result); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return missing("the test", firstLine(err), "see starter doctor, and the run "+run.GetID())
	}
	return s.printSlackTest(result)
}

func (s *starter) printSlackTest(result workflows.SlackTestResult) error {
	if s.output == "json" {
		if err := s.printJSON(result); err != nil {
			return err
		}
	} else {
		for _, line := range slices.Concat(result.Untold, result.Refused) {
			s.Out.Printf("%s\n", line)
		}
		if result.By == "" {
			s.Out.Printf("nobody has pressed; see the log of the worker, and starter doctor\n")
		} else {
			s.Out.Printf("%s has pressed (%s, by %s)\n", identity.Shown(result.By, result.Claimed), result.Outcome, result.Via)
		}
	}
	if result.Outcome != request.Granted && result.Outcome != request.Rejected {
		return answered(exitNo)
	}
	return nil
}
