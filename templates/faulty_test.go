package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/evenkeel/evenkeel/internal/config"
)

const (
	soundPolicy = "apiVersion: evenkeel/v1\nkind: ScalingPolicy\nmetadata: {name: NAME}\nreplicas: {min: 1, max: 3}\nwarm_up: 1s\nhealthy: 1s\ndrain: 1s\nstop: 1s\n"
	badPolicy   = "apiVersion: evenkeel/v1\nkind: ScalingPolicy\nmetadata: {name: NAME}\nreplicas: {min: 4, max: 3}\nwarm_up: 1s\nhealthy: 1s\ndrain: 1s\nstop: 1s\n"
)

func named(text, name string) string { return strings.ReplaceAll(text, "NAME", name) }

// faulty returns kind, name and reason of what is left out, one in a line.
func faulty(set *Set, dir string) string {
	var out strings.Builder
	for _, f := range set.Faulty() {
		out.WriteString(f.Kind + " " + f.Name + ": " + strings.ReplaceAll(f.Reason, dir+"/", "") + "\n")
	}
	return out.String()
}

func TestOpen(t *testing.T) {
	call := func(name string) string {
		return strings.Replace(nothing, "steps:", "steps:\n  - {id: call, kind: call, runbook: "+name+"}", 1)
	}
	broken := begin("broken", "") + "steps: [{id: a, kind: checkpoint, when: inputs.x == 1}]\n"
	for name, c := range map[string]struct {
		files    map[string]string
		disabled []string
		want     string
		gone     []string // runbooks and policies that are not used
	}{
		"nothing": {nil, nil, "", nil},
		"sound":   {map[string]string{"mine.yaml": begin("mine", "") + nothing}, nil, "", nil},
		"a runbook of one's own": {
			map[string]string{"broken.yaml": broken, "mine.yaml": begin("mine", "") + nothing},
			nil,
			`Runbook broken: broken.yaml:`,
			[]string{"broken"},
		},
		"what calls it": {
			map[string]string{"a.yaml": broken, "b.yaml": begin("b", "") + call("broken"), "c.yaml": begin("c", "") + call("b")},
			nil,
			"Runbook b: b.yaml:5:37: steps[0].runbook: the runbook broken is disabled, because a.yaml has a fault; correct that\n",
			[]string{"b", "c", "broken"},
		},
		"an overlay": {
			map[string]string{"x.yaml": begin("cache_service_failure", "") + "steps: []\n"},
			nil,
			"Runbook cache_service_failure: x.yaml:",
			[]string{"cache_service_failure"},
		},
		"an overlay that is no YAML": {
			map[string]string{"x.yaml": begin("cache_service_failure", "") + "steps: [\n"},
			nil,
			"Runbook cache_service_failure: x.yaml:4:1: is not YAML",
			[]string{"cache_service_failure"},
		},
		"an overlay by its file's name": {
			map[string]string{"cache_service_failure.yaml": "\x00\x01"},
			nil,
			"Runbook cache_service_failure: cache_service_failure.yaml:1:1: is not YAML",
			[]string{"cache_service_failure"},
		},
		"an overlay that would not be read": {
			map[string]string{"x.yml": begin("cache_service_failure", "") + nothing},
			nil,
			"Runbook cache_service_failure: x.yml: would not be read; rename it to end in .yaml\n",
			[]string{"cache_service_failure"},
		},
		"two of one name": {
			map[string]string{"a.yaml": begin("mine", "") + nothing, "b.yaml": begin("mine", "") + nothing},
			nil,
			"Runbook mine: b.yaml: Runbook \"mine\" is also in a.yaml; keep one\n",
			[]string{"mine"},
		},
		"one that nobody can tell what it is": {
			map[string]string{"My own.yaml": "\x00"}, nil, "Runbook My own.yaml: My own.yaml:1:1: is not YAML", nil,
		},
		"a test": {
			map[string]string{"mine.yaml": begin("mine", "") + nothing, "mine_test.yaml": "apiVersion: evenkeel/v1\nkind: RunbookTest\nmetadata: {name: mine}\ncases: 1\n"},
			nil,
			"RunbookTest mine: mine_test.yaml:4:8:", nil,
		},
		"a policy":            {map[string]string{"p.yaml": named(badPolicy, "app")}, nil, "ScalingPolicy app: p.yaml:4:17: replicas.min: 4 is more than max, which is 3\n", []string{"app"}},
		"a policy for others": {map[string]string{"p.yaml": named(badPolicy, "default")}, nil, "ScalingPolicy default: p.yaml:4:17:", []string{"default"}},
		"a name to disable in it": {
			map[string]string{"a.yaml": broken}, []string{"broken", "app"}, "Runbook broken: a.yaml:", []string{"broken", "app"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, c.files)
			set, err := Open(&config.Config{TemplatesDir: dir, Disabled: c.disabled})
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, set.Faulty())
			}
			require.Contains(t, faulty(set, dir), c.want)
			for _, name := range c.gone {
				_, runbook := set.Runbook(name)
				_, policy := set.Policy(name)
				require.False(t, runbook || policy, "%s is not used, not even the built-in one", name)
			}
			_, other := set.Runbook("llm_failure_response")
			require.True(t, other, "what has no fault is used")
		})
	}
	_, err := Open(&config.Config{TemplatesDir: filepath.Join(t.TempDir(), "none")})
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(&config.Config{Disabled: []string{"nobody"}})
	require.ErrorContains(t, err, `there is no definition "nobody"`)
}

// A policy with a fault is none, for the service of its name as for one that names it, and default does not take its
// place. An alias of a faulty runbook is told, too.
func TestFaultsOfAnInstallation(t *testing.T) {
	dir := tree(t, map[string]string{
		"p.yaml": named(badPolicy, "app"), "q.yaml": named(soundPolicy, "mine"),
		"r.yaml": begin("llm_failure_response", ", aliases: [nearby]") + "steps: []\n",
	})
	shop := map[string]config.Service{"app": {}, "web": {}, "other": {Policy: "app"}, "own": {Policy: "mine"}}
	c := &config.Config{Path: "e.yaml", TemplatesDir: dir, Hosts: map[string]config.Host{"gpu-1": {Projects: map[string]config.Project{"shop": {Services: shop}}}}}
	in, err := Install(c, "")
	require.NoError(t, err)
	require.Equal(t, "gpu-1", in.Host)
	_, ok := in.Definitions.PolicyOf("app")
	require.False(t, ok)
	require.Equal(t, "ScalingPolicy app is disabled: "+dir+"/p.yaml:4:17: replicas.min: 4 is more than max, which is 3; correct it and restart evenkeel", in.Definitions.PolicyOfFault("app"))
	require.Empty(t, in.Definitions.PolicyOfFault("web"))
	for _, name := range []string{"llm_failure_response", "nearby", "qwen_failure_downshift"} {
		require.Contains(t, in.Definitions.RunbookFault(name), "Runbook llm_failure_response is disabled: "+dir+"/r.yaml:", name)
	}
	require.Empty(t, in.Definitions.RunbookFault("cache_service_failure"))

	shop["own"] = config.Service{Policy: "none"}
	_, err = Install(c, "")
	require.EqualError(t, err, `e.yaml: hosts.gpu-1.projects.shop.services.own.policy: no ScalingPolicy is named "none"; name one that is there, or remove the line`)
	delete(shop, "own")
	_, err = Install(c, "gpu-2")
	require.ErrorContains(t, err, "gpu-2")
	c.Hosts["gpu-1"].Projects["shop"] = config.Project{Admin: config.Admin{TokenFile: filepath.Join(dir, "token")}}
	_, err = Install(c, "")
	require.ErrorContains(t, err, "project shop: admin.token_file: ")
}

// Whatever lies in the folder: it is left out, and reading it ends.
func TestOpenReadsFilesOnly(t *testing.T) {
	dir := tree(t, map[string]string{"mine.yaml": begin("mine", "") + nothing})
	at := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, unix.Mkfifo(at("app.yaml"), 0o600))
	require.NoError(t, os.Symlink("/dev/zero", at("zero.yaml")))
	require.NoError(t, os.Symlink(at("loop.yaml"), at("loop.yaml")))
	require.NoError(t, os.WriteFile(at("large.yaml"), make([]byte, 10<<20), 0o600))
	begun := time.Now()
	set, err := Open(&config.Config{TemplatesDir: dir})
	require.NoError(t, err)
	require.Less(t, time.Since(begun), 10*time.Second)
	_, ok := set.Runbook("mine")
	require.True(t, ok)
	told := faulty(set, dir)
	for _, want := range []string{
		"ScalingPolicy app: app.yaml is a named pipe, not a file\n", "Runbook zero: zero.yaml is a device, not a file\n",
		"Runbook loop: open loop.yaml: too many levels of symbolic links\n", "Runbook large: large.yaml is larger than 1 MiB\n",
	} {
		require.Contains(t, told, want)
	}
	_, err = Load(dir, nil)
	require.ErrorContains(t, err, "app.yaml is a named pipe, not a file")
}
