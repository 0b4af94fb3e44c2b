package templates

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	bookText = `apiVersion: evenkeel/v1
kind: Runbook
metadata: {name: NAME, owner: ops, severity: Sev4, review_by: 2099-01-01}
steps:
  - {id: tell, kind: notify, groups: [oncall], message: hello}
`
	bookTestText = `apiVersion: evenkeel/v1
kind: RunbookTest
metadata: {name: NAME}
cases:
  - name: own
    expect: {outcome: succeeded, path: [STEP]}
`
)

func book(name string) string { return strings.ReplaceAll(bookText, "NAME", name) }

func bookTest(name, step string) string {
	return strings.NewReplacer("NAME", name, "STEP", step).Replace(bookTestText)
}

// cases are the names of the cases of each runbook.
func cases(all []RunbookTest) map[string][]string {
	out := map[string][]string{}
	for _, r := range all {
		out[r.Runbook.Name] = nil
		for _, c := range r.Cases {
			out[r.Runbook.Name] = append(out[r.Runbook.Name], c.Name)
		}
	}
	return out
}

func TestRunbookTests(t *testing.T) {
	const shipped = "cache_service_failure"
	for name, c := range map[string]struct {
		files map[string]string
		of    string
		want  []string
	}{
		"own":                            {map[string]string{"a.yaml": book("mine"), "a_test.yaml": bookTest("mine", "tell")}, "mine", []string{"own"}},
		"own without a test":             {map[string]string{"a.yaml": book("mine")}, "mine", nil},
		"one that replaces a built-in":   {map[string]string{"a.yaml": book(shipped)}, shipped, nil},
		"and its test":                   {map[string]string{"a.yaml": book(shipped), "b.yaml": bookTest(shipped, "tell")}, shipped, []string{"own"}},
		"another test of a built-in one": {map[string]string{"b.yaml": bookTest(shipped, "confirm")}, shipped, []string{"own"}},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := Load(tree(t, c.files), nil)
			require.NoError(t, err)
			require.Equal(t, c.want, cases(set.RunbookTests())[c.of])
		})
	}
}

func TestTestsThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no such runbook": {map[string]string{"b.yaml": bookTest("mien", "tell"), "a.yaml": book("mine")}, `b.yaml:3:18: metadata.name: no runbook is named "mien"; did you mean "mine"?`},
		"an alias": {
			map[string]string{"b.yaml": bookTest("qwen_failure_downshift", "confirm")},
			`b.yaml:3:18: metadata.name: no runbook is named "qwen_failure_downshift"; write one of api_high_latency_scaleup, cache_service_failure, database_connection_failure and llm_failure_response`,
		},
		"no such step": {map[string]string{"b.yaml": bookTest("mine", "tel"), "a.yaml": book("mine")}, `b.yaml:6:41: cases[0].expect.path[0]: there is no step "tel"; did you mean "tell"?`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, c.files)
			_, err := Load(dir, nil)
			require.EqualError(t, err, filepath.Join(dir, c.want))
			found, err := Lint([]string{dir}, LintOptions{})
			require.NoError(t, err)
			require.Len(t, found.Errors, 1, "lint sees it too")
		})
	}
}

func TestRunbookTestsIn(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/mine.yaml": book("mine"), "a/mine_test.yaml": bookTest("mine", "tell"), "a/more.yaml": book("more"), "a/broken.yaml": "nothing",
		"[b]/other.yaml": book("other"), "[b]/other_test.yaml": bookTest("other", "tell"), "c/note.yaml": "a: b",
	})
	for name, c := range map[string]struct {
		paths []string
		want  map[string][]string
	}{
		"the runbook":   {[]string{"a/mine.yaml"}, map[string][]string{"mine": {"own"}}},
		"the test":      {[]string{"a/mine_test.yaml"}, map[string][]string{"mine": {"own"}}},
		"without test":  {[]string{"a/more.yaml"}, map[string][]string{"more": nil}},
		"a folder":      {[]string{"[b]"}, map[string][]string{"other": {"own"}}},
		"several paths": {[]string{"[b]/other_test.yaml", "a/mine.yaml"}, map[string][]string{"other": {"own"}, "mine": {"own"}}},
	} {
		t.Run(name, func(t *testing.T) {
			var paths []string
			for _, p := range c.paths {
				paths = append(paths, filepath.Join(dir, p))
			}
			all, faulty, err := RunbookTestsIn(paths, "", nil)
			require.NoError(t, err)
			require.Equal(t, c.want, cases(all))
			require.Empty(t, faulty)
		})
	}
	for path, want := range map[string]string{
		"c": "there is no runbook and no test",
		"d": "no such file or directory",
	} {
		_, _, err := RunbookTestsIn([]string{filepath.Join(dir, path)}, "", nil)
		require.ErrorContains(t, err, want)
	}
}

// What has a fault is told, and what is beside it is tested.
func TestRunbookTestsInLeavesOutWhatHasAFault(t *testing.T) {
	calling := func(name, called string) string {
		return book(name) + "  - {id: call, kind: call, runbook: " + called + "}\n"
	}
	dir := tree(t, map[string]string{
		"sound.yaml": book("sound"), "sound_test.yaml": bookTest("sound", "tell"),
		"broken.yaml": strings.Replace(book("broken"), "Sev4", "Sev5", 1), "calls.yaml": calling("calls", "broken"), "calls_test.yaml": bookTest("calls", "tell"),
		"unfit.yaml": book("unfit"), "unfit_test.yaml": bookTest("unfit", "tel"), "My own.yaml": "nothing",
	})
	installed := tree(t, map[string]string{"broken.yaml": book("broken"), "sound.yaml": strings.Replace(book("sound"), "Sev4", "Sev5", 1), "deep.yaml": calling("deep", "sound")})
	for name, c := range map[string]struct {
		path   string
		want   map[string][]string
		faulty []string
	}{
		"a folder": {"", map[string][]string{"sound": {"own"}}, []string{"broken.yaml:3:", "calls.yaml:6:", "unfit_test.yaml:6:"}},
		"a sound file, whatever the installed one of its name is": {"sound.yaml", map[string][]string{"sound": {"own"}}, nil},
		"a file with a fault":   {"broken.yaml", map[string][]string{}, []string{"broken.yaml:3:"}},
		"what calls one":        {"calls.yaml", map[string][]string{}, []string{"calls.yaml:6:37: steps[1].runbook: the runbook broken is disabled, because"}},
		"a test that is broken": {"unfit.yaml", map[string][]string{}, []string{"unfit_test.yaml:6:"}},
		"a file without a name": {"My own.yaml", map[string][]string{}, []string{"My own.yaml:1:1:"}},
	} {
		t.Run(name, func(t *testing.T) {
			all, faulty, err := RunbookTestsIn([]string{filepath.Join(dir, c.path)}, installed, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, cases(all))
			var told strings.Builder
			for _, f := range faulty {
				require.Equal(t, f.Reason, f.Faults[0])
				told.WriteString(strings.Join(f.Faults, "\n") + "\n")
			}
			for _, want := range c.faulty {
				require.Contains(t, told.String(), filepath.Join(dir, want))
			}
			require.Equal(t, len(c.faulty) > 0, len(faulty) > 0, told.String())
		})
	}
}
