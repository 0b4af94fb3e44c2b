package operations

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func command(command string, risk runbook.Risk, idempotent bool, args condition.Values) runbook.ActCall {
	with := condition.Values{"command": command}
	maps.Copy(with, args)
	shown := map[string][]string{"reload": {"/bin/reload", "--now"}, "again": {"/bin/again"}, "wipe": {"/bin/wipe"}, "clean": {"/bin/clean"}}[command]
	if model, ok := args["model"].(string); ok {
		shown = append(shown, model)
	}
	return runbook.ActCall{Uses: "command.run", With: with, Argv: shown, Risk: risk, Idempotent: idempotent, TimeoutSeconds: 60}
}

func TestCommand(t *testing.T) {
	ended := func(status int, err error) func(context.Context, []string) (int, error) {
		return func(context.Context, []string) (int, error) { return status, err }
	}
	slow := func(ctx context.Context, _ []string) (int, error) {
		<-ctx.Done()
		return 0, activities.Fail(activities.Unknown, errors.New("killed"))
	}
	model := condition.Values{"model": "qwen_32b"}
	for name, c := range map[string]struct {
		call  runbook.ActCall
		run   func(context.Context, []string) (int, error)
		ran   []string
		class string
		want  string
	}{
		"well":               {call: command("reload", runbook.Write, false, model), ran: []string{"/bin/reload", "--now", "qwen_32b"}},
		"fails":              {command("reload", runbook.Write, false, model), ended(3, nil), nil, activities.PreconditionFailed, "reload ended with exit status 3"},
		"too slow":           {command("reload", runbook.Write, false, model), slow, nil, activities.Unknown, "reload: it took longer than 1s: killed"},
		"too slow, again":    {command("again", runbook.Write, true, nil), slow, nil, activities.Unavailable, "again: it took longer than 1s: killed"},
		"not there":          {command("reload", runbook.Write, false, model), ended(0, activities.Fail(activities.NotFound, errors.New("no such file"))), nil, activities.NotFound, "no such file"},
		"cannot be started":  {command("reload", runbook.Write, false, model), ended(0, activities.NotSent(errors.New("too many"))), nil, activities.PreconditionFailed, "too many"},
		"not listed":         {command("rm", runbook.Write, false, nil), nil, nil, activities.NotFound, `the configuration has no command "rm"`},
		"risk":               {command("wipe", runbook.Write, false, nil), nil, nil, activities.InvalidInput, `the command wipe is destructive, and the step declares "write"`},
		"not idempotent":     {command("reload", runbook.Write, true, model), nil, nil, activities.InvalidInput, "does not call the command reload idempotent"},
		"argument missing":   {command("reload", runbook.Write, false, nil), nil, nil, activities.InvalidInput, "the command reload needs model"},
		"argument too many":  {command("wipe", runbook.Destructive, false, model), nil, nil, activities.InvalidInput, "the command wipe takes no model; it takes command"},
		"argument's form":    {command("reload", runbook.Write, false, condition.Values{"model": "a; rm -rf /"}), nil, nil, activities.InvalidInput, `takes no "a; rm -rf /" for model`},
		"argument's type":    {command("reload", runbook.Write, false, condition.Values{"model": 7}), nil, nil, activities.InvalidInput, "model is 7; it must be of type string"},
		"no name of command": {runbook.ActCall{Uses: "command.run", Risk: runbook.Write, TimeoutSeconds: 60}, nil, nil, activities.InvalidInput, "command is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &environment{run: c.run}
			result, err := inRun(t, p.operations(t), c.call)
			if c.class == "" {
				require.NoError(t, err)
				require.Equal(t, runbook.ActResult{Outcome: runbook.OK}, result)
				require.Equal(t, [][]string{c.ran}, p.ran)
				return
			}
			require.Equal(t, c.class, class(t, err), "%v", err)
			require.ErrorContains(t, err, c.want)
			if c.run == nil {
				require.Empty(t, p.ran)
			}
		})
	}
}

// What a command of that name runs may be edited while a person decides: the worker runs what was shown, or nothing.
func TestCommandThatWasEdited(t *testing.T) {
	for name, edit := range map[string]func(*runbook.ActCall){
		"another program": func(c *runbook.ActCall) { c.Argv[0] = "/bin/spare" },
		"another option":  func(c *runbook.ActCall) { c.Argv[1] = "--later" },
		"one word more":   func(c *runbook.ActCall) { c.Argv = append(c.Argv, "--force") },
		"nothing shown":   func(c *runbook.ActCall) { c.Argv = nil },
	} {
		t.Run(name, func(t *testing.T) {
			call := command("reload", runbook.Write, false, condition.Values{"model": "qwen_32b"})
			edit(&call)
			p := &environment{}
			_, err := inRun(t, p.operations(t), call)
			require.Equal(t, activities.NotBegun, class(t, err))
			require.ErrorContains(t, err, `the command reload is ["/bin/reload" "--now" "qwen_32b"] now`)
			require.Empty(t, p.ran)

			call.Undo = true // what puts things back runs as it is now: nobody is asked about it alone
			_, err = inRun(t, p.operations(t), call)
			require.NoError(t, err)
			require.Len(t, p.ran, 1)

			call.Risk = runbook.Destructive // and so it destroys nothing
			_, err = inRun(t, p.operations(t), call)
			require.Equal(t, activities.InvalidInput, class(t, err))
			require.Len(t, p.ran, 1)
		})
	}
}

func TestCommandLines(t *testing.T) {
	constant := func(name string) []runbook.Filled {
		return []runbook.Filled{{Name: "command", Value: runbook.Value{Constant: name}}}
	}
	inner := runbook.Definition{Steps: []runbook.Step{{ID: "b", Kind: runbook.Action, Uses: runbook.CommandOperation, With: constant("reload")}}}
	program := runbook.Lay(runbook.Definition{Steps: []runbook.Step{
		{ID: "a", Kind: runbook.Action, Uses: runbook.CommandOperation, With: constant("again")},
		{ID: "c", Kind: runbook.Call, Called: &inner},
		{ID: "d", Kind: runbook.Action, Uses: runbook.CommandOperation, With: constant("none")},
		{ID: "e", Kind: runbook.Action, Uses: "product.breaker", With: constant("wipe")},
	}})
	require.Equal(t, map[string]runbook.CommandLine{
		"again": {Argv: []string{"/bin/again"}}, "reload": {Argv: []string{"/bin/reload", "--now"}, Args: []string{"model"}},
	}, (&environment{}).operations(t).CommandLines(program))
}

// The step's own time counts as well, and says so.
func TestCommandWithinTheStepsTime(t *testing.T) {
	p := &environment{run: func(ctx context.Context, _ []string) (int, error) {
		<-ctx.Done()
		return 0, activities.Fail(activities.Unknown, errors.New("killed"))
	}}
	o := p.operations(t, func(o *Options) {
		again := o.Commands["again"]
		again.Timeout, again.Idempotent = duration(time.Hour), false
		o.Commands["again"] = again
	})
	call := command("again", runbook.Write, false, nil)
	call.TimeoutSeconds = 1
	_, err := o.Act(t.Context(), call)
	require.Equal(t, activities.Unknown, class(t, err))
	require.ErrorContains(t, err, "no end within 1s: again: killed")
}
