package runbook

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

func TestFindKeys(t *testing.T) {
	types := condition.Types{"inputs.s": condition.String, "inputs.n": condition.Int, "run.host": condition.String, "run.initiator": condition.String}
	for name, c := range map[string]struct {
		key, dedup string
		inputs     condition.Values
		want       Keys
		fault      string
	}{
		"none":                    {"", "", nil, Keys{}, ""},
		"an input":                {"inputs.s", "", condition.Values{"inputs.s": "a/b_C.d-1"}, Keys{Concurrency: "a/b_C.d-1"}, ""},
		"the host":                {"", "run.host", nil, Keys{Dedup: "gpu-1"}, ""},
		"both":                    {"run.host", `inputs.s + "-x"`, condition.Values{"inputs.s": "a"}, Keys{"gpu-1", "a-x"}, ""},
		"the longest":             {"inputs.s", "", condition.Values{"inputs.s": strings.Repeat("a", 128)}, Keys{Concurrency: strings.Repeat("a", 128)}, ""},
		"too long":                {"inputs.s", "", condition.Values{"inputs.s": strings.Repeat("a", 129)}, Keys{}, "concurrency.key is \"aaa"},
		"empty":                   {"inputs.s", "", condition.Values{"inputs.s": ""}, Keys{}, `concurrency.key is ""`},
		"a name of another form":  {"run.initiator", "", nil, Keys{}, `concurrency.key is "anna@gpu-1"; letters, digits and . _ / - make a key, 128 at most`},
		"a dedup of another form": {"", "run.initiator", nil, Keys{}, "triggers.dedup is"},
		"what moves a cursor":     {"inputs.s", "", condition.Values{"inputs.s": "a\x1b[2K"}, Keys{}, `concurrency.key is "a\x1b[2K"`},
		"no value":                {`inputs.n / 0 > 1 ? "a" : "b"`, "", condition.Values{"inputs.n": int64(1)}, Keys{}, "concurrency.key: "},
	} {
		t.Run(name, func(t *testing.T) {
			var d Definition
			for _, k := range []struct {
				text string
				into *condition.Expression
			}{{c.key, &d.Concurrency.Key}, {c.dedup, &d.Triggers.Dedup}} {
				if k.text != "" {
					e, err := condition.Compile(k.text, types, condition.String)
					require.NoError(t, err)
					*k.into = e
				}
			}
			inputs := condition.Values{}
			for n, v := range c.inputs {
				inputs[strings.TrimPrefix(n, "inputs.")] = v
			}
			got, err := FindKeys(d, "gpu-1", "anna@gpu-1", inputs, time.Now())
			require.Equal(t, c.want, got)
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				return
			}
			require.NoError(t, err)
		})
	}
}
