package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/message"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/worker/ingress"
)

// runbook starts a runbook as the person who has typed it. The worker of the host that it is about decides again, by its
// own configuration, whether that person may.
func (c commands) runbook(ctx context.Context, typed ingress.Command, groups, args []string) (message.Message, error) {
	starters := c.people.Approvals.Starters
	if len(starters) > 0 && !slices.ContainsFunc(starters, func(g string) bool { return slices.Contains(groups, g) }) {
		return message.Message{}, errors.New("you may start nothing here; approvals.starters are " + strings.Join(starters, ", "))
	}
	if len(args) == 0 {
		return message.Message{}, errors.New("the name of the runbook is missing; type /evenkeel runbook NAME")
	}
	d, usable := c.definitions.Runbook(args[0])
	if !usable {
		if fault := c.definitions.RunbookFault(args[0]); fault != "" {
			return message.Message{}, errors.New(fault)
		}
		return message.Message{}, fmt.Errorf("no runbook is named %q, or it is disabled", args[0])
	}
	by := press.Press{Team: typed.Team, User: typed.User}.Who()
	of := alert.Typed{By: by, Kind: identity.Slack, Delivery: typed.ID, At: typed.At}
	rest := args[1:]
	if len(rest) >= 2 && rest[0] == "on" {
		of.Host, of.Project, _ = strings.Cut(rest[1], "/")
		rest = rest[2:]
	}
	var err error
	if of.Inputs, err = inputs(rest); err != nil {
		return message.Message{}, err
	}
	start, err := c.projects.Typed(d, of, c.now())
	if err != nil {
		return message.Message{}, err
	}
	joined, err := c.starts.Start(ctx, start)
	switch {
	case err != nil:
		return message.Message{}, away(err)
	case joined:
		return message.Message{Title: "It is at work already", Sections: []message.Section{{Lines: []string{start.ID}}}}, nil
	}
	return message.Message{Title: "Started", Sections: []message.Section{{Lines: []string{start.ID}}}}, nil
}

// inputs reads INPUT=VALUE.
func inputs(words []string) (condition.Values, error) {
	given := condition.Values{}
	for _, word := range words {
		name, value, ok := strings.Cut(word, "=")
		_, twice := given[name]
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("%q is no input; write INPUT=VALUE", word)
		case twice:
			return nil, fmt.Errorf("the input %q is given twice", name)
		}
		given[name] = value
	}
	return given, nil
}
