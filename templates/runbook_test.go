package templates

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// begin is the head of a runbook, steps and all follow.
func begin(name, more string) string {
	return "apiVersion: evenkeel/v1\nkind: Runbook\nmetadata: {name: " + name + ", owner: me, severity: Sev3" + more + "}\n"
}

const nothing = "steps:\n  - {id: nothing, kind: checkpoint}\n"

// A definition is what its file says, with the defaults filled in.
func TestRunbookDefinition(t *testing.T) {
	data, err := os.ReadFile("testdata/runbook.yaml")
	require.NoError(t, err)
	d, err := ReadRunbook("runbook.yaml", data, &Set{})
	require.NoError(t, err)
	require.Equal(t, sum(data), d.SHA256)
	got, err := json.MarshalIndent(d, "", "  ")
	require.NoError(t, err)
	want, err := os.ReadFile("testdata/runbook.json")
	require.NoError(t, err)
	require.JSONEq(t, string(want), string(got), "got:\n%s", got)
}

func TestBuiltInRunbooks(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	var names []string
	for _, d := range set.Runbooks() {
		names = append(names, d.Name)
		require.Len(t, d.SHA256, 64)
	}
	require.Subset(t, names, []string{"api_high_latency_scaleup", "cache_service_failure", "database_connection_failure", "llm_failure_response"})
	require.IsIncreasing(t, names)
	byAlias, ok := set.Runbook("qwen_failure_downshift")
	require.True(t, ok)
	require.Equal(t, "llm_failure_response", byAlias.Name)
	_, ok = set.Runbook("gone")
	require.False(t, ok)
}

func TestCallsAreFilledIn(t *testing.T) {
	dir := tree(t, map[string]string{
		"outer.yaml": begin("outer", "") + "inputs:\n  who: {type: string}\nsteps:\n" +
			"  - {id: sub, kind: call, runbook: in_short, with: {model: \"${{ inputs.who }}\", n: 3}}\n" +
			"  - {id: after, kind: checkpoint, when: steps.sub.outcome == \"ok\"}\n",
		"inner.yaml": begin("inner", ", aliases: [in_short]") +
			"inputs:\n  model: {type: string}\n  n: {type: int, max: 5}\n  x: {type: double, default: 2}\n" + nothing,
	})
	set, err := Load(dir, nil)
	require.NoError(t, err)
	outer, ok := set.Runbook("outer")
	require.True(t, ok)
	sub := outer.Steps[0]
	require.Equal(t, "inner", sub.Uses, "an alias becomes the name")
	inner, _ := set.Runbook("inner")
	require.Equal(t, inner, *sub.Called)
	require.Equal(t, []runbook.Filled{
		{Name: "model", Value: runbook.Value{Expression: condition.Expression{Text: "inputs.who", Result: condition.String, Uses: condition.Types{"inputs.who": condition.String}}}},
		{Name: "n", Value: runbook.Value{Constant: int64(3)}},
	}, sub.With)
}

func TestCallFaults(t *testing.T) {
	call := func(runbook, more string) string {
		return "steps:\n  - {id: sub, kind: call, runbook: " + runbook + more + "}\n"
	}
	inner := begin("inner", ", aliases: [in_short]") + "inputs:\n  model: {type: string, enum: [a, b]}\n" + nothing
	var long strings.Builder
	for i := range 101 {
		fmt.Fprintf(&long, "  - {id: c%d, kind: checkpoint}\n", i)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"none": {
			map[string]string{"a.yaml": begin("a", "") + call("innner", ""), "b.yaml": inner},
			`DIR/a.yaml:5:36: steps[0].runbook: there is no runbook "innner"; did you mean "inner"?`,
		},
		"arguments": {
			map[string]string{"a.yaml": begin("a", "") + call("inner", ", with: {model: c, x: 1}"), "b.yaml": inner},
			`DIR/a.yaml:5:57: steps[0].with.model: "c" is not allowed; did you mean "a"?` + "\n" +
				`DIR/a.yaml:5:63: steps[0].with.x: inner does not take "x"; write model`,
		},
		"missing argument": {
			map[string]string{"a.yaml": begin("a", "") + call("inner", ""), "b.yaml": inner},
			`DIR/a.yaml:5:5: steps[0].with.model: is missing; inner needs it, of type string`,
		},
		"itself": {
			map[string]string{"a.yaml": begin("a", "") + call("a", "")},
			`DIR/a.yaml:5:36: steps[0].runbook: a → a would call itself; a runbook cannot call one that leads back to it`,
		},
		"a circle": {
			map[string]string{"a.yaml": begin("a", "") + call("b", ""), "b.yaml": begin("b", "") + call("c", ""), "c.yaml": begin("c", "") + call("a", "")},
			`DIR/c.yaml:5:36: steps[0].runbook: a → b → c → a would call itself; a runbook cannot call one that leads back to it`,
		},
		"depth": {
			map[string]string{
				"a.yaml": begin("a", "") + call("b", ""), "b.yaml": begin("b", "") + call("c", ""), "c.yaml": begin("c", "") + call("d", ""),
				"d.yaml": begin("d", "") + call("e", ""), "e.yaml": begin("e", "") + nothing,
			},
			`DIR/a.yaml:5:36: steps[0].runbook: calls go more than 3 deep; call its parts directly`,
		},
		"steps": {
			map[string]string{
				"a.yaml": begin("a", "") + "steps:\n" + long.String() + "  - {id: sub, kind: call, runbook: b}\n", "b.yaml": begin("b", "") + "steps:\n" + long.String(),
			},
			`DIR/a.yaml:4:1: steps: has more than 200 steps with those that it calls; split it`,
		},
		"a broken one": { // has its own fault, and no other follows from it
			map[string]string{"a.yaml": begin("a", "") + call("b", ", with: {x: 1}"), "b.yaml": begin("b", "") + "steps: []\n"},
			`DIR/b.yaml:4:1: steps: is empty; write at least one step`,
		},
		"alias taken": {
			map[string]string{"a.yaml": begin("a", ", aliases: [b, in_short]") + nothing, "b.yaml": begin("b", "") + nothing, "c.yaml": inner},
			`DIR/a.yaml:3:58: metadata.aliases[0]: "b" is a name of the runbook b already; take another` + "\n" +
				`DIR/c.yaml:3:62: metadata.aliases[0]: "in_short" is a name of the runbook a already; take another`,
		},
		"alias of a built-in": {
			map[string]string{"a.yaml": begin("qwen_failure_downshift", "") + nothing},
			`DIR/a.yaml:3:18: metadata.name: "qwen_failure_downshift" is a name of the runbook llm_failure_response already; take another`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, c.files)
			_, err := Load(dir, nil)
			require.EqualError(t, err, strings.ReplaceAll(c.want, "DIR", dir))
		})
	}
}

func TestDisabledRunbooksCannotBeCalled(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": begin("a", "") + "steps:\n  - {id: sub, kind: call, runbook: cache_service_failure}\n"})
	_, err := Load(dir, nil)
	require.NoError(t, err)
	_, err = Load(dir, []string{"cache_service_failure"})
	require.ErrorContains(t, err, `there is no runbook "cache_service_failure"`)
}

// An installation's own runbook takes the place of the built-in one, for its callers as well.
func TestOverlaidRunbook(t *testing.T) {
	dir := tree(t, map[string]string{
		"mine.yaml": begin("cache_service_failure", "") + nothing,
		"a.yaml":    begin("a", "") + "steps:\n  - {id: sub, kind: call, runbook: cache_service_failure}\n",
	})
	set, err := Load(dir, nil)
	require.NoError(t, err)
	a, _ := set.Runbook("a")
	require.Equal(t, "nothing", a.Steps[0].Called.Steps[0].ID)
}

func TestReadRunbook(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	text := begin("llm_failure_response", ", aliases: [qwen_failure_downshift]") + "steps:\n  - {id: sub, kind: call, runbook: cache_service_failure}\n"
	d, err := ReadRunbook("mine.yaml", []byte(text), set)
	require.NoError(t, err, "it is read in the place of the one that is installed")
	require.Equal(t, "cache_service_failure", d.Steps[0].Called.Name)
	installed, _ := set.Runbook("llm_failure_response")
	require.NotEqual(t, installed.SHA256, d.SHA256, "the set is as it was")

	_, err = ReadRunbook("mine.yaml", []byte(policy("app", "{min: 1, max: 2}")), set)
	require.EqualError(t, err, "mine.yaml: is no runbook; write kind: Runbook")
	_, err = ReadRunbook("mine.yaml", []byte("kind: Runbok\napiVersion: evenkeel/v1"), set)
	require.EqualError(t, err, `mine.yaml:1:7: kind: unknown kind "Runbok"; did you mean "Runbook"?`)
	_, err = ReadRunbook("mine.yaml", []byte(begin("a", "")+"steps:\n  - {id: sub, kind: call, runbook: a}\n"), set)
	require.ErrorContains(t, err, "a → a would call itself")
	dir := tree(t, map[string]string{"outer.yaml": begin("outer", "") + "steps:\n  - {id: sub, kind: call, runbook: cache_service_failure}\n"})
	own, err := Load(dir, nil)
	require.NoError(t, err)
	_, err = ReadRunbook("mine.yaml", []byte(begin("cache_service_failure", "")+"steps:\n  - {id: sub, kind: call, runbook: outer}\n"), own)
	require.ErrorContains(t, err, "cache_service_failure → outer would call itself", "once it is installed")
	_, err = ReadRunbook("mine.yaml", []byte(strings.Replace(text, "cache_service", "cash_service", 1)), set)
	require.EqualError(t, err, `mine.yaml:5:36: steps[0].runbook: there is no runbook "cash_service_failure"; did you mean "cache_service_failure"?`)
}

// A worker reads files that people send it, many at a time, and what is installed stays as it is.
func TestReadRunbookBesideOthers(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": begin("installed", ", aliases: [short]") + nothing})
	set, err := Load(dir, nil)
	require.NoError(t, err)
	call := "steps:\n  - {id: sub, kind: call, runbook: installed}\n"
	var wait sync.WaitGroup
	for name, want := range map[string]string{
		begin("short", "") + call:                                  `f:3:18: metadata.name: "short" is a name of the runbook installed already; take another`,
		begin("new", ", aliases: [short]") + call:                  `f:3:60: metadata.aliases[0]: "short" is a name of the runbook installed already; take another`,
		begin("new", ", aliases: [installed]") + call:              `f:3:60: metadata.aliases[0]: "installed" is a name of the runbook installed already; take another`,
		begin("new", ", aliases: [qwen_failure_downshift]") + call: `f:3:60: metadata.aliases[0]: "qwen_failure_downshift" is a name of the runbook llm_failure_response already; take another`,
		begin("installed", ", aliases: [short]") + nothing:         "",
		begin("new", "") + call:                                    "",
	} {
		for range 4 {
			wait.Go(func() {
				got := ""
				if _, err := ReadRunbook("f", []byte(name), set); err != nil {
					got = err.Error()
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
	wait.Wait()
}

// What nobody would write is refused with one line, at once.
func TestBombs(t *testing.T) {
	var steps, deep strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&steps, "  - {id: s%d, kind: checkpoint}\n", i)
	}
	for range 6 {
		deep.WriteString("{id: x, kind: switch, cases: [{steps: [")
	}
	aliases := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		aliases += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10))
	}
	head := begin("bomb", "")
	for name, c := range map[string]struct{ text, want string }{
		"aliases":         {head + aliases, "f:4:25: the file has more than 100000 values, counting what its aliases stand for"},
		"nesting":         {head + "steps: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "f:4:71: is nested more than 64 levels deep"},
		"open brackets":   {head + "steps: " + strings.Repeat("[{a: ", 10_000), "f:"},
		"100000 steps":    {head + "steps:\n" + steps.String(), "f:1:1: the file is larger than 1 MiB"},
		"201 steps":       {head + "steps:\n" + strings.Join(strings.SplitAfter(steps.String(), "\n")[:201], ""), "f:4:1: steps: has more than 200 steps; move some into a runbook of their own"},
		"switches":        {head + "steps: [" + deep.String() + "{id: y, kind: checkpoint}" + strings.Repeat("]}]}", 6) + "]", "is nested more than 5 deep; move it into a runbook of its own"},
		"noise":           {strings.Repeat("\x8f\x01\xffnoise: [", 300_000), "f:1:1: the file is larger than 1 MiB"},
		"less noise":      {strings.Repeat("\x8f\x01\xffnoise: [", 20_000), "f:1:1: is not YAML: "},
		"printable noise": {strings.Repeat("x: [y\n", 40_000), "f:"},
		"large":           {head + nothing + "# " + strings.Repeat("x", maxRunbookBytes), "f:1:1: the file is larger than 256 KiB; split the runbook"},
		"empty":           {"", "f:1:1: the file is empty"},
		"blank":           {"\n\n# nothing\n", "f:1:1: the file is empty"},
		"NUL":             {head + "steps: \x00", "f:4:1: is not YAML: control characters are not allowed; check indentation, quotes and brackets"},
		"NUL only":        {strings.Repeat("\x00", 1000), "f:1:1: is not YAML: control characters are not allowed; check indentation, quotes and brackets"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadRunbook("f", []byte(c.text), &Set{})
			require.ErrorContains(t, err, c.want)
			first, _, _ := strings.Cut(err.Error(), "\n")
			require.Less(t, len(first), 300)
		})
	}
}

// Whatever a file holds, it gives a definition that survives JSON, or faults of one line each.
func FuzzRunbook(f *testing.F) {
	for _, pattern := range []string{"runbooks/*.yaml", "testdata/bad/runbook-*.yaml", "testdata/runbook.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(data)
		}
	}
	set, err := Load("", nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := ReadRunbook("f", data, set)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				require.True(t, strings.HasPrefix(line, "f:"), line)
			}
			return
		}
		text, err := json.Marshal(d)
		require.NoError(t, err)
		var kept runbook.Definition
		require.NoError(t, json.Unmarshal(text, &kept))
		again, err := json.Marshal(kept)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
		require.LessOrEqual(t, len(runbook.Lay(d).Nodes), maxSteps)
	})
}

// A runbook is about a project unless it says that it is about the host, which has no services.
func TestRunbookScope(t *testing.T) {
	const (
		gpu  = "steps:\n  - {id: look, kind: check, uses: gpu.headroom, require: result.gpus > 0}\n"
		app  = "steps:\n  - {id: look, kind: check, uses: service.state, with: {service: app}, require: result.running > 0}\n"
		warm = "{id: warm, kind: action, uses: product.cache_warm, risk: write, idempotent: true}\n"
		undo = "steps:\n  - {id: r, kind: action, uses: command.run, with: {command: x}, risk: write, idempotent: true,\n     undo: {uses: product.cache_warm}}\n"
		p    = "probes:\n  p: {uses: service.state, with: {service: app}, unit: n, max_age: 5s}\n"
		way  = "steps:\n  - id: s\n    kind: switch\n    cases:\n      - steps:\n          - "
		none = " is about a project, and scope: host is about none; "
	)
	call := func(name string) string { return "steps:\n  - {id: sub, kind: call, runbook: " + name + "}\n" }
	about := func(name, scope, steps string) string { return begin(name, "") + "scope: " + scope + "\n" + steps }
	for name, c := range map[string]struct {
		a, b, c string
		scope   string // of a
		want    string
	}{
		"none said":            {a: begin("a", "") + app, scope: runbook.ScopeProject},
		"a project":            {a: about("a", "project", app), scope: runbook.ScopeProject},
		"the host":             {a: about("a", "host", gpu), scope: runbook.ScopeHost},
		"no such":              {a: about("a", "hosts", gpu), want: `a.yaml:4:8: scope: unknown scope "hosts"; did you mean "host"?`},
		"empty":                {a: about("a", `""`, gpu), want: `a.yaml:4:8: scope: has no value`},
		"a check of a service": {a: about("a", "host", app), want: "a.yaml:6:35: steps[0].uses: service.state" + none + "write scope: project, or leave it out"},
		"written behind":       {a: begin("a", "") + app + "scope: host\n", want: "a.yaml:5:35: steps[0].uses: service.state" + none},
		"an action":            {a: about("a", "host", "steps:\n  - "+warm), want: "a.yaml:6:36: steps[0].uses: product.cache_warm" + none},
		"an undo":              {a: about("a", "host", undo), want: "a.yaml:7:19: steps[0].undo.uses: product.cache_warm" + none},
		"a probe":              {a: about("a", "host", p+gpu), want: "a.yaml:6:13: probes.p.uses: service.state" + none},
		"on_failure":           {a: about("a", "host", gpu+"on_failure:\n  - "+warm), want: "a.yaml:8:36: on_failure[0].uses: product.cache_warm" + none},
		"in a switch":          {a: about("a", "host", way+warm), want: "a.yaml:10:44: steps[0].cases[0].steps[0].uses: product.cache_warm" + none},
		"host calls host":      {a: about("a", "host", call("b")), b: about("b", "host", gpu), scope: runbook.ScopeHost},
		"project calls host":   {a: begin("a", "") + call("b"), b: about("b", "host", gpu), scope: runbook.ScopeProject},
		"host calls project": {
			a: about("a", "host", call("b")), b: begin("b", "") + gpu,
			want: "a.yaml:6:36: steps[0].runbook: b" + none + "call one with scope: host",
		},
		"host calls host calls project": {
			a: about("a", "host", call("b")), b: about("b", "host", call("c")), c: begin("c", "") + gpu,
			want: "b.yaml:6:36: steps[0].runbook: c" + none,
		},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"a.yaml": c.a}
			if c.b != "" {
				files["b.yaml"] = c.b
			}
			if c.c != "" {
				files["c.yaml"] = c.c
			}
			dir := tree(t, files)
			set, err := Load(dir, nil)
			if c.want != "" {
				require.ErrorContains(t, err, dir+"/"+c.want)
				return
			}
			require.NoError(t, err)
			a, ok := set.Runbook("a")
			require.True(t, ok)
			require.Equal(t, c.scope, a.Scope)
		})
	}
}
