package templates

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

func TestBuiltIn(t *testing.T) {
	set, err := Load("", nil)
	require.NoError(t, err)
	require.Equal(t, []scaling.Policy{
		{Name: "app", Min: 2, Max: 10, WarmUpSeconds: 60, HealthySeconds: 60, DrainSeconds: 60, StopSeconds: 10},
		{Name: "default", Min: 1, Max: 10, WarmUpSeconds: 60, HealthySeconds: 60, DrainSeconds: 60, StopSeconds: 10},
		{Name: "worker-llm", Min: 2, Max: 8, WarmUpSeconds: 180, HealthySeconds: 60, DrainSeconds: 120, StopSeconds: 10, ClaimMB: 2000, GPUOptional: true},
		{Name: "worker-rl", Min: 1, Max: 4, WarmUpSeconds: 300, HealthySeconds: 60, DrainSeconds: 900, StopSeconds: 10, ClaimMB: 3000, GPUOptional: true},
	}, set.Policies())
	app, ok := set.Policy("app")
	require.True(t, ok)
	require.Equal(t, 10, app.Max)
	_, ok = set.Policy("postgres")
	require.False(t, ok)
}

// Every bad file has its whole error text beside it.
func TestFaults(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".want")
			require.NoError(t, err)
			got := decode(filepath.Base(file), data).faults()
			require.Error(t, got)
			require.Equal(t, string(want), got.Error()+"\n")
		})
	}
}

// tree writes files into a new folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func policy(name, replicas string) string {
	return "apiVersion: evenkeel/v1\nkind: ScalingPolicy\nmetadata: {name: " + name + "}\nreplicas: " + replicas +
		"\nwarm_up: 1s\nhealthy: 24h\ndrain: 1m30s\nstop: 1s\n"
}

func TestOverlayReplacesWholeDefinitions(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/b/mine.yaml": policy("app", "{min: 0, max: 1000}"),
		"web.yaml":      policy("web", "{min: 1, max: 1}"),
		"README.md":     "no definition",
		".git/x.yaml":   "no definition",
		".web.yaml":     "no definition",
	})
	set, err := Load(dir, []string{"worker-rl"})
	require.NoError(t, err)
	var names []string
	for _, p := range set.Policies() {
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"app", "default", "web", "worker-llm"}, names)
	app, _ := set.Policy("app")
	require.Equal(t, scaling.Policy{
		Name: "app", Min: 0, Max: 1000, WarmUpSeconds: 1, HealthySeconds: 86400, DrainSeconds: 90, StopSeconds: 1,
	}, app)
	_, ok := set.Policy("worker-rl")
	require.False(t, ok)
}

func TestOverlayFaults(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"two of one name": {
			map[string]string{"a.yaml": policy("app", "{min: 1, max: 2}"), "b/c.yaml": policy("app", "{min: 1, max: 2}")},
			`DIR/b/c.yaml: ScalingPolicy "app" is also in DIR/a.yaml; keep one`,
		},
		"all files at once": {
			map[string]string{"a.yaml": policy("app", "{min: 3, max: 2}"), "b.yaml": "", "c.yml": policy("x", "{min: 1, max: 2}")},
			"DIR/a.yaml:4:17: replicas.min: 3 is more than max, which is 2\n" +
				"DIR/b.yaml:1:1: the file is empty\n" +
				"DIR/c.yml: would not be read; rename it to end in .yaml",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, c.files)
			_, err := Load(dir, nil)
			require.EqualError(t, err, strings.ReplaceAll(c.want, "DIR", dir))
		})
	}
	_, err := Load(tree(t, map[string]string{"a.yaml": "kind: X"}), nil)
	var faults strictyaml.Errors
	require.ErrorAs(t, err, &faults)
	require.Equal(t, 1, faults[0].Line)
}

func TestFolderMustBeThere(t *testing.T) {
	dir := tree(t, map[string]string{"file": ""})
	_, err := Load(filepath.Join(dir, "gone"), nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = Load(filepath.Join(dir, "file"), nil)
	require.EqualError(t, err, "templates_dir: "+dir+"/file is not a folder; name the folder of your definitions")
}

func TestDisabledMustBeThere(t *testing.T) {
	_, err := Load("", []string{"worker_rl"})
	require.EqualError(t, err, `disabled[0]: there is no definition "worker_rl"; did you mean "worker-rl"?`)
	_, err = Load("", []string{"postgres"})
	require.ErrorContains(t, err, `disabled[0]: there is no definition "postgres"; the definitions are `)
	require.ErrorContains(t, err, "app, ")
	set, err := Load("", []string{"app", "app"})
	require.NoError(t, err, "the same name twice does no harm")
	require.Len(t, set.Policies(), 3)
}

// A link to a folder is read like the folder itself.
func TestLinkedFolder(t *testing.T) {
	dir := tree(t, map[string]string{"web.yaml": policy("web", "{min: 1, max: 1}")})
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	set, err := Load(link, nil)
	require.NoError(t, err)
	_, ok := set.Policy("web")
	require.True(t, ok)
}

func TestSHA256OfOwnFiles(t *testing.T) {
	of := func(files map[string]string) string {
		set, err := Open(&config.Config{TemplatesDir: tree(t, files)})
		require.NoError(t, err)
		return set.SHA256()
	}
	own := map[string]string{"a.yaml": begin("a", "") + nothing, "deep/b.yaml": "broken"}
	here, there := of(own), of(own)
	require.Equal(t, here, there, "wherever the folder lies")
	require.NotEqual(t, of(own), of(map[string]string{"a.yaml": own["a.yaml"] + "#\n", "deep/b.yaml": "broken"}))
	require.NotEqual(t, of(own), of(map[string]string{"a.yaml": own["a.yaml"], "deep/b.yaml": "broken, too"}), "a file with a fault counts")
	require.NotEqual(t, of(own), of(map[string]string{"a.yaml": own["a.yaml"]}))
	none, err := Open(&config.Config{})
	require.NoError(t, err)
	require.Empty(t, none.SHA256())
}

// Each kind is known by the line that names it, also where one kind's name begins another's, and belongs to a file
// that cannot be read.
func TestKindsAreKnownByTheirLine(t *testing.T) {
	for kind := range kinds {
		broken := &reading{file: "some.yaml", text: []byte("apiVersion: evenkeel/v1\nkind: " + kind + "\nmetadata: {name: a\n")}
		require.Equal(t, kind, broken.keys()[0].kind)
	}
	require.False(t, kindLine.MatchString("kind: Runbooks"))
	require.False(t, kindLine.MatchString("kind: Deployment"))
}
