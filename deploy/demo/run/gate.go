package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/activities/slackapi/slackfake"
	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// The model server that the gate scene kills, and the run that mends it.
const (
	illContainer = stack.Project + "-model-llama-1"
	illModel     = "llama3_8b"
	illRun       = "llm_failure_response/" + illModel
)

// Limits of what the scene waits for. An alert takes a minute to fire; a person has a quarter of an hour.
const (
	alertLimit  = 5 * time.Minute
	personLimit = 20 * time.Minute
	mendLimit   = 15 * time.Minute
	tellLimit   = time.Minute
)

// gate plays the gate scene: a model server dies, its alert starts a run, and the run asks a person. It returns how many
// requests failed meanwhile; an error is what did not go as it should.
func (d *demo) gate(ctx context.Context) (failed int, err error) {
	requests := load.Start(ctx, load.Options{URL: d.stack.URL() + "/generate?mode=fast", Rate: rate})
	defer func() {
		report := requests.Stop()
		say("requests during the gated run: %d served, %d failed", report.Requests-report.Failed, report.Failed)
		failed = report.Failed
	}()
	err = until(ctx, alertLimit, func() error { // what Prometheus has never seen cannot be missed
		seen, err := d.stack.Measured(ctx, `model_loaded{model="`+illModel+`"}`)
		if err == nil && !seen {
			err = errors.New("the model " + illModel + " is not known to Prometheus")
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	say("docker kill %s", illContainer)
	if _, err := d.stack.Docker(ctx, "kill", illContainer); err != nil {
		return 0, err
	}
	say("waiting for the alert ModelUnhealthy, which fires after a minute")
	run, err := d.follow(ctx, alertLimit, nil, func(r illStatus) bool { return r.Request != nil })
	if err != nil {
		return 0, err
	}
	say("%s was started by: %s", illRun, run.By)
	if run.By != "alertmanager" {
		return 0, fmt.Errorf("the run was started by %q", run.By)
	}
	asked, err := d.asked(ctx)
	if err != nil {
		return 0, err
	}
	if running, err := d.running(ctx); err != nil || running {
		return 0, errors.Join(err, errors.New("the server runs before anybody has approved its restart"))
	}
	if err := d.answer(ctx, asked); err != nil {
		return 0, err
	}
	if run, err = d.follow(ctx, personLimit, run.seen(), func(r illStatus) bool { return r.Request == nil }); err != nil {
		return 0, err
	}
	if run, err = d.follow(ctx, mendLimit, run.seen(), func(r illStatus) bool { return r.Closed != "" }); err != nil {
		return 0, err
	}
	say("the run ended: %s", run.Outcome)
	if run.Outcome != "succeeded" {
		return 0, fmt.Errorf("the run ended %s: %s", run.Outcome, run.Reason)
	}
	if running, err := d.running(ctx); err != nil || !running {
		return 0, errors.Join(err, errors.New("the run has ended and the server does not run"))
	}
	return 0, d.shownOutcome(ctx, asked)
}

// illStatus is what the scene needs of `starter runbook status -o json`.
type illStatus struct {
	By      string `json:"by"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	// Closed is empty while it is at work.
	Closed  string    `json:"closed"`
	Request *struct{} `json:"request"`
	Steps   []struct {
		Path    string `json:"path"`
		Title   string `json:"title"`
		Outcome string `json:"outcome"`
	} `json:"steps"`
}

// seen are the steps that have ended.
func (r illStatus) seen() (paths []string) {
	for _, step := range r.Steps {
		if step.Outcome != "" {
			paths = append(paths, step.Path)
		}
	}
	return paths
}

// follow looks at the run until it is as wanted, and says which steps have ended beside those that were seen.
func (d *demo) follow(ctx context.Context, limit time.Duration, seen []string, wanted func(illStatus) bool) (illStatus, error) {
	var r illStatus
	err := until(ctx, limit, func() error {
		out, err := d.stack.Starter(ctx, "runbook", "status", illRun, "-o", "json")
		if err != nil {
			return err // there is no run yet
		}
		r = illStatus{}
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			return err
		}
		for _, step := range r.Steps {
			if step.Outcome != "" && !slices.Contains(seen, step.Path) {
				seen = append(seen, step.Path)
				say("  %s: %s", strings.TrimSuffix(step.Path+" · "+step.Title, " · "), step.Outcome)
			}
		}
		if !wanted(r) && r.Closed != "" {
			return final{fmt.Errorf("the run ended %s: %s", r.Outcome, r.Reason)}
		}
		if !wanted(r) {
			return errors.New("the run is not so far yet")
		}
		return nil
	})
	return r, err
}

// asked waits for the message that asks, in the stand-in. A real workspace is not read.
func (d *demo) asked(ctx context.Context) (m slackfake.Message, err error) {
	if d.slack.standIn == nil {
		return m, nil
	}
	err = until(ctx, tellLimit, func() error {
		for _, m = range d.slack.standIn.Messages(d.slack.Channel) {
			if len(buttons(m)) > 0 {
				return nil
			}
		}
		return errors.New("no message in Slack asks for the approval")
	})
	return m, err
}

// answer approves, or says how a person does.
func (d *demo) answer(ctx context.Context, asked slackfake.Message) error {
	if d.slack.standIn == nil || d.terminal {
		say("")
		say("the run waits for you: open %s and press Approve", d.slack.page)
		say("")
		return nil
	}
	say("the run asks in Slack: %s", firstLine(asked.Text))
	say("pressing Approve as %s", d.slack.User)
	return approve(ctx, d.slack.standIn, asked, d.slack.User, "the demo saw the server die")
}

// shownOutcome waits until the message that asked says how it ended, and cannot be pressed any more.
func (d *demo) shownOutcome(ctx context.Context, asked slackfake.Message) error {
	if d.slack.standIn == nil {
		return nil
	}
	return until(ctx, tellLimit, func() error {
		for _, m := range d.slack.standIn.Messages(d.slack.Channel) {
			if m.TS == asked.TS && len(buttons(m)) == 0 {
				say("the message in Slack now says: %s", firstLine(m.Text))
				return nil
			}
		}
		return errors.New("the message in Slack does not say that the request is closed")
	})
}

func (d *demo) running(ctx context.Context) (bool, error) {
	out, err := d.stack.Docker(ctx, "inspect", "-f", "{{.State.Running}}", illContainer)
	return strings.TrimSpace(out) == "true", err
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// final is an error after which nothing is tried again.
type final struct{ error }

// until tries again, twice a second, until there is no error. After limit the last one is returned.
func until(ctx context.Context, limit time.Duration, try func() error) error {
	deadline := time.Now().Add(limit)
	for {
		err := try()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		if over, ok := errors.AsType[final](err); ok {
			return over.error
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %s: %w", limit, err)
		}
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}
