package operations

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

func TestHeadroom(t *testing.T) {
	some := func(total, free int64) gpu.Memory { return gpu.Memory{TotalMB: &total, FreeMB: &free} }
	full, empty := gpu.GPU{UUID: "a", Memory: some(24000, 2400)}, gpu.GPU{Index: 1, UUID: "b", Memory: some(24000, 18000)}
	for name, c := range map[string]struct {
		gpus  []gpu.GPU
		err   error
		want  condition.Values
		class string
		says  string
	}{
		"two":              {gpus: []gpu.GPU{full, empty}, want: condition.Values{"gpus": int64(2), "min_free_ratio": 0.1, "max_free_ratio": 0.75}},
		"one of them MIG":  {gpus: []gpu.GPU{{UUID: "m", Memory: some(80000, 0), MIG: &gpu.MIG{Enabled: true}}, empty}, want: condition.Values{"gpus": int64(1), "min_free_ratio": 0.75, "max_free_ratio": 0.75}},
		"one is silent":    {gpus: []gpu.GPU{{Fault: &gpu.Fault{Kind: gpu.Hung}}, empty}, class: Unavailable, says: "GPU 0: no answer in time"},
		"none can be told": {gpus: []gpu.GPU{{UUID: "u", Unified: true}}, class: NotFound, says: "this host has no GPU whose memory can be told"},
		"no driver":        {err: Fail(NotFound, errors.New("no NVIDIA driver")), class: NotFound, says: "this host has no GPU: no NVIDIA driver"},
		"no answer":        {err: Fail(Unavailable, errors.New("no probe")), class: Unavailable, says: "no probe"},
	} {
		t.Run(name, func(t *testing.T) {
			p := &plant{snapshot: gpu.Snapshot{GPUs: c.gpus}, gpuErr: c.err}
			got, err := reads(t, p, "gpu.headroom", nil)
			if c.class != "" {
				require.Equal(t, c.class, class(t, err))
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

func TestQuery(t *testing.T) {
	o := watching(0.5).operations()
	result, err := o.Act(t.Context(), act("prometheus.query", runbook.Read, condition.Values{"query": "up"}))
	require.NoError(t, err)
	require.Equal(t, condition.Values{"value": 0.5}, result.Outputs)
	o.Metrics = nil
	_, err = o.Act(t.Context(), act("prometheus.query", runbook.Read, condition.Values{"query": "up"}))
	require.Equal(t, NotFound, class(t, err))
	require.ErrorContains(t, err, "write prometheus.url")
}

func command(command string, risk runbook.Risk, idempotent bool, args condition.Values) runbook.ActCall {
	with := condition.Values{"command": command}
	maps.Copy(with, args)
	return runbook.ActCall{Uses: "command.run", With: with, Risk: risk, Idempotent: idempotent, TimeoutSeconds: 60}
}

func TestCommand(t *testing.T) {
	ended := func(status int, err error) func(context.Context, []string) (int, error) {
		return func(context.Context, []string) (int, error) { return status, err }
	}
	slow := func(ctx context.Context, _ []string) (int, error) {
		<-ctx.Done()
		return 0, Fail(Unknown, errors.New("killed"))
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
		"fails":              {command("reload", runbook.Write, false, model), ended(3, nil), nil, PreconditionFailed, "reload ended with exit status 3"},
		"too slow":           {command("reload", runbook.Write, false, model), slow, nil, Unknown, "reload: it took longer than 1s: killed"},
		"too slow, again":    {command("again", runbook.Write, true, nil), slow, nil, Unavailable, "again: it took longer than 1s: killed"},
		"not there":          {command("reload", runbook.Write, false, model), ended(0, Fail(NotFound, errors.New("no such file"))), nil, NotFound, "no such file"},
		"cannot be started":  {command("reload", runbook.Write, false, model), ended(0, NotSent(errors.New("too many"))), nil, PreconditionFailed, "too many"},
		"not listed":         {command("rm", runbook.Write, false, nil), nil, nil, NotFound, `the configuration has no command "rm"`},
		"risk":               {command("wipe", runbook.Write, false, nil), nil, nil, InvalidInput, `the command wipe is destructive, and the step declares "write"`},
		"not idempotent":     {command("reload", runbook.Write, true, model), nil, nil, InvalidInput, "does not call the command reload idempotent"},
		"argument missing":   {command("reload", runbook.Write, false, nil), nil, nil, InvalidInput, "the command reload needs model"},
		"argument too many":  {command("wipe", runbook.Destructive, false, model), nil, nil, InvalidInput, "the command wipe takes only [command]"},
		"argument's form":    {command("reload", runbook.Write, false, condition.Values{"model": "a; rm -rf /"}), nil, nil, InvalidInput, `takes no "a; rm -rf /" for model`},
		"argument's type":    {command("reload", runbook.Write, false, condition.Values{"model": 7}), nil, nil, InvalidInput, "model is 7; it must be of type string"},
		"no name of command": {runbook.ActCall{Uses: "command.run", Risk: runbook.Write, TimeoutSeconds: 60}, nil, nil, InvalidInput, "command is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &plant{run: c.run}
			result, err := p.operations().Act(t.Context(), c.call)
			if c.class == "" {
				require.NoError(t, err)
				require.Equal(t, runbook.ActResult{Outcome: runbook.OK, Outputs: condition.Values{}}, result)
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

// The step's own time counts as well, and says so.
func TestCommandWithinTheStepsTime(t *testing.T) {
	p := &plant{run: func(ctx context.Context, _ []string) (int, error) {
		<-ctx.Done()
		return 0, Fail(Unknown, errors.New("killed"))
	}}
	o := p.operations()
	wipe := o.Commands["wipe"]
	wipe.Timeout = duration(time.Hour)
	o.Commands["wipe"] = wipe
	call := command("wipe", runbook.Destructive, false, nil)
	call.TimeoutSeconds = 1
	_, err := o.Act(t.Context(), call)
	require.Equal(t, Unknown, class(t, err))
	require.ErrorContains(t, err, "no end within 1s: wipe: killed")
}
