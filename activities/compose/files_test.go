package compose

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestFilesAndHooks(t *testing.T) {
	t.Setenv("TOKEN", "s3cret-token")
	t.Setenv("NOTHING", "")
	t.Setenv("PORT", "8")
	p := project(t, map[string]string{
		"compose.yaml": `
services:
  a:
    image: x
    tty: true
    secrets:
      - token
      - {source: token, target: short, uid: "1000", mode: 0400}
      - {source: token, target: /abs/token, gid: "5"}
      - {source: token, target: /sealed, mode: 0}
      - gone
      - nothing
      - file
    configs:
      - text
      - {source: text, target: etc/c.conf}
      - {source: half, target: /half}
      - from
      - file
      - folder
    post_start:
      - {command: [a, b], user: u, privileged: true, working_dir: /w, environment: {B: "2", A: "1"}}
      - {command: echo 'c d'}
    pre_stop: [{command: [z]}]
  b: {image: x}
  c: {image: x, read_only: true, secrets: [gone]}
  d: {image: x, read_only: true, secrets: [file]}
secrets:
  token: {environment: TOKEN}
  gone: {environment: NOT_SET}
  nothing: {environment: NOTHING}
  file: {file: secret.txt}
configs:
  text: {content: "port=${PORT}\nhost=$$HOST\n"}
  half: {content: "a=${NOT_SET_EITHER}"}
  from: {environment: TOKEN}
  file: {file: config.txt}
  folder: {content: ""}
`,
	})
	token := []byte("s3cret-token")
	got, err := p.Files(t.Context(), "a")
	require.NoError(t, err)
	text := []byte("port=8\nhost=$HOST\n")
	require.Equal(t, []activities.ContainerFile{
		{What: "secret token", Target: "/run/secrets/token", Mode: 0o444, Known: true, Bytes: token},
		{What: "secret token", Target: "/run/secrets/short", Mode: 0o400, UID: "1000", Known: true, Bytes: token},
		{What: "secret token", Target: "/abs/token", Mode: 0o444, GID: "5", Known: true, Bytes: token},
		{What: "secret token", Target: "/sealed", Known: true, Bytes: token},
		{What: "secret gone", Target: "/run/secrets/gone", Mode: 0o444},
		{What: "config text", Target: "/text", Mode: 0o444, Known: true, Bytes: text},
		{What: "config text", Target: "/etc/c.conf", Mode: 0o444, Known: true, Bytes: text},
		{What: "config half", Target: "/half", Mode: 0o444},
		{What: "config from", Target: "/from", Mode: 0o444, Known: true, Bytes: token},
	}, got)
	services, err := p.Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"config folder"}, services[0].EmptyFiles)
	require.Equal(t, []string{"NOT_SET", "NOT_SET_EITHER"}, services[0].Unset)
	require.Len(t, services[0].WrittenFiles, len(got))

	hooks, err := p.Hooks(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, activities.Hooks{
		PostStart: []activities.Hook{
			{Command: []string{"a", "b"}, User: "u", Privileged: true, WorkingDir: "/w", Environment: []string{"A=1", "B=2"}, TTY: true},
			{Command: []string{"echo", "c d"}, TTY: true},
		},
		PreStop: []activities.Hook{{Command: []string{"z"}, TTY: true}},
	}, hooks)

	for _, none := range []string{"b", "d"} {
		got, err = p.Files(t.Context(), none)
		require.NoError(t, err)
		require.Empty(t, got)
	}
	_, err = p.Files(t.Context(), "c")
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "secret gone")
	_, err = p.Files(t.Context(), "nobody")
	requireClass(t, activities.NotFound, err)
	_, err = p.Hooks(t.Context(), "nobody")
	requireClass(t, activities.NotFound, err)
}

// A secret of an included file knows the variables of that file's own .env.
func TestFilesOfAnIncludedFile(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml":     "include: [inc/compose.yaml]\n",
		"inc/compose.yaml": "services: {a: {image: x, secrets: [s], configs: [c]}}\nsecrets: {s: {environment: S}}\nconfigs: {c: {content: 'c=${S}'}}\n",
		"inc/.env":         "S=inner\n",
	})
	got, err := p.Files(t.Context(), "a")
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "inner", string(got[0].Bytes))
	require.Equal(t, "c=inner", string(got[1].Bytes))
	services, err := p.Services(t.Context())
	require.NoError(t, err)
	require.Empty(t, services[0].Unset)
}

func TestRawEnv(t *testing.T) {
	p := project(t, map[string]string{
		"compose.yaml": "services: {a: {image: x, environment: {OWN: own}, env_file: [{path: a.env, format: raw}]}}",
		"a.env":        "\ufeffA=\"quoted $HOME\" # kept\n# comment\n\n  B= b \nOWN\nOWN=file\nNOT_SET_ANYWHERE\nEMPTY=\n",
	})
	_, s, err := p.resolved(t.Context(), "a")
	require.NoError(t, err)
	values := map[string]string{}
	for name, value := range s.Environment {
		require.NotNil(t, value, name)
		values[name] = *value
	}
	require.Equal(t, map[string]string{"A": `"quoted $HOME" # kept`, "B": " b ", "OWN": "own", "EMPTY": ""}, values)
	for _, text := range []string{"=x\n", "a b=x\n", "A=\xff\n"} {
		write(t, p.options.Directory, map[string]string{"a.env": text})
		_, _, err := p.resolved(t.Context(), "a")
		requireClass(t, activities.InvalidInput, err)
		require.ErrorContains(t, err, filepath.Join(p.options.Directory, "a.env")+":1: ")
	}
}
