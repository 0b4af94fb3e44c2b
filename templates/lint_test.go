package templates

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

var today = time.Date(2027, 6, 30, 23, 0, 0, 0, time.UTC)

// lint returns the findings below dir, one in a line, warnings behind.
func lint(t *testing.T, dir string, o LintOptions, paths ...string) string {
	t.Helper()
	for i := range paths {
		paths[i] = filepath.Join(dir, paths[i])
	}
	o.Today = today
	found, err := Lint(paths, o)
	require.NoError(t, err)
	var out strings.Builder
	for _, e := range found.Errors {
		fmt.Fprintln(&out, e)
	}
	for _, w := range found.Warnings {
		fmt.Fprintln(&out, "warning:", w)
	}
	return strings.ReplaceAll(out.String(), dir+"/", "")
}

func TestLintRunbook(t *testing.T) {
	files, err := filepath.Glob("testdata/lint/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			require.NoError(t, err)
			require.Equal(t, string(want), lint(t, filepath.Dir(file), LintOptions{}, filepath.Base(file)))
		})
	}
}

func TestLintMentions(t *testing.T) {
	dir := tree(t, map[string]string{
		"docs/a.md": "Say `starter runbook run llm_failure_response -p model=x`, or with an alias\n" +
			"    starter runbook plan --project shop qwen_failure_downshfit\n" +
			"é starter runbook show gone, starter runbook run NAME, starter runbook run --dry-run far_gone, starter runbook lint docs FILE and starter runbook test mine.\n" +
			"Runs are runbook/GPU-1/shop/llm_failure_response/x or runbook/h/-/nothing/like/it; see internal/runbook/x/y/z.go and runbook/a/b/plan.go.\n" +
			"It is in runbooks/cache_service_failure.yaml with runbooks/cash_service_failure_test.yaml, and ./other.yaml is mine:\n" +
			"starter runbook plan ./other.yaml\nstarter runbook run\n",
		"mine.yaml": begin("mine", "") + nothing,
		"deploy/x.rules.yaml": "groups:\n  - rules:\n    - alert: A\n      labels: {severity: warning, runbook: mine}\n" +
			"      annotations:\n        runbook: \"lm_failure_response\" # a slip\n        page: runbook: x\n" +
			"    - alert: B\n      annotations: {runbook: docs/scaling.md}\n",
		"deploy/compose.yaml":     "services: {}\n",
		"deploy/evenkeel.yaml":    "apiVersion: evenkeel/v1\nhosts: {}\n",
		"deploy/k8s.yaml":         "apiVersion: v1\nkind: Service\n",
		"deploy/testdata/bad.md":  "starter runbook run gone\n",
		".git/bad.md":             "starter runbook run gone\n",
		"deploy/broken.yaml":      "kind: Runbook\n  x: [\n",
		"deploy/other-kind.yaml":  "apiVersion: evenkeel/v1\nkind: Runbok\n",
		"deploy/wrong.yml":        begin("x", "") + "steps: []\n",
		"deploy/not-a-sound.yaml": begin("llm_failure_response", ", aliases: [qwen_failure_downshift]") + nothing,
	})
	require.Equal(t, `deploy/broken.yaml:2:3: is not YAML: mapping values are not allowed in this context; check indentation, quotes and brackets
deploy/other-kind.yaml:2:7: kind: unknown kind "Runbok"; did you mean "Runbook"?
deploy/wrong.yml:1:1: would not be read; rename it to end in .yaml
deploy/x.rules.yaml:6:19: runbook "lm_failure_response" does not exist; did you mean "llm_failure_response"?
docs/a.md:2:41: runbook "qwen_failure_downshfit" does not exist; did you mean "qwen_failure_downshift"?
docs/a.md:3:24: runbook "gone" does not exist; write one of api_high_latency_scaleup, cache_service_failure, database_connection_failure, llm_failure_response, mine and qwen_failure_downshift
docs/a.md:3:86: runbook "far_gone" does not exist; write one of api_high_latency_scaleup, cache_service_failure, database_connection_failure, llm_failure_response, mine and qwen_failure_downshift
docs/a.md:4:67: runbook "nothing" does not exist; write one of api_high_latency_scaleup, cache_service_failure, database_connection_failure, llm_failure_response, mine and qwen_failure_downshift
docs/a.md:5:60: runbook "cash_service_failure" does not exist; did you mean "cache_service_failure"?
`, lint(t, dir, LintOptions{}, "."))
	require.Empty(t, lint(t, dir, LintOptions{}, "deploy/compose.yaml/../../mine.yaml"))
	require.Contains(t, lint(t, dir, LintOptions{}, "deploy/k8s.yaml"), "kind", "what is named is a definition")
	_, err := Lint([]string{filepath.Join(dir, "gone.yaml")}, LintOptions{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Definitions that lie where an installation looks are one set: two of a name are a fault there.
func TestLintInstalled(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/one.yaml": begin("one", "") + nothing, "b/one.yaml": begin("one", "") + nothing,
		"two.yaml": begin("two", "") + "steps:\n  - {id: sub, kind: call, runbook: cache_service_failure}\n",
	})
	want := "b/one.yaml:1:1: Runbook \"one\" is also in DIR/a/one.yaml; keep one\n"
	got := lint(t, dir, LintOptions{Dir: dir})
	require.Contains(t, got, strings.ReplaceAll(want, "DIR/", ""))
	require.NotContains(t, got, "two.yaml")
	require.Equal(t, strings.ReplaceAll(want, "DIR/", ""), lint(t, dir, LintOptions{Dir: dir}, "."))
	require.Empty(t, lint(t, dir, LintOptions{}, "."), "two folders may belong to two installations")
	require.Contains(t, lint(t, dir, LintOptions{Disabled: []string{"cache_service_failure"}}, "two.yaml"), `there is no runbook "cache_service_failure"`)
	_, err := Lint(nil, LintOptions{Dir: filepath.Join(dir, "gone")})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// What this repository itself says of runbooks is true.
func TestLintThisRepository(t *testing.T) {
	found, err := Lint([]string{"../docs", "../README.md", "../CONTRIBUTING.md", "../deploy", "."}, LintOptions{Today: today})
	require.NoError(t, err)
	require.Empty(t, strictyaml.Errors(found.Errors).Error())
	require.Greater(t, found.Files, 20)
	installed, err := Lint(nil, LintOptions{Today: today})
	require.NoError(t, err)
	require.Empty(t, strictyaml.Errors(installed.Errors).Error())
}

// A folder is looked at whole: a file that would disable a runbook is found where the file alone is named, too.
func TestLintPassesOverNothingThatDisables(t *testing.T) {
	dir := tree(t, map[string]string{
		"own/empty.yaml": "", "own/word.yaml": "hello\n", "own/compose.yaml": "services: {a: {}}\n", "own/testdata/x.yaml": "x: 1\n",
		"own/a.rules.yaml": "groups: []\n", "own/page.md": "starter runbook run gone\n", "own/old.yml": "x: 1\n",
		"free/empty.yaml": "# nothing yet\n", "free/word.yaml": "hello\n", "free/torn.yaml": "a: [\n", "free/none.yml": "\n",
		"free/compose.yaml": "services: {a: {}}\n", "free/play.yaml": "- hosts: all\n", "free/two.yaml": "a: 1\n---\nb: 1\n", "free/testdata/x.yaml": "\n",
	})
	own := []string{
		"own/a.rules.yaml:1:1: apiVersion:", "own/compose.yaml:1:1: apiVersion:", "own/empty.yaml:1:1: the file is empty", "own/old.yml:1:1: would not be read",
		"own/page.md:1:21: runbook", "own/testdata/x.yaml:1:1: apiVersion:", "own/word.yaml:1:1: the file is not a mapping",
	}
	free := []string{
		"free/empty.yaml:1:1: the file is empty", "free/none.yml:1:1: the file is empty", "free/torn.yaml:1:1: is not YAML", "free/word.yaml:1:1: the file is not a mapping",
	}
	for at, want := range map[string][]string{"own": own, "free": free, ".": append(free, own...)} {
		got := lint(t, dir, LintOptions{Dir: filepath.Join(dir, "own")}, at)
		for _, line := range want {
			require.Contains(t, got, line)
		}
		files := map[string]bool{}
		for line := range strings.Lines(got) {
			file, _, _ := strings.Cut(line, ":")
			files[file] = true
		}
		require.Len(t, files, len(want), got)
	}
	found, err := Lint([]string{dir}, LintOptions{Dir: filepath.Join(dir, "own"), Today: today})
	require.NoError(t, err)
	require.Equal(t, []string{dir + "/free/compose.yaml", dir + "/free/play.yaml", dir + "/free/two.yaml"}, found.PassedOver)
}
