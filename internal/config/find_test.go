package config

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

const least = "apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts: {h: {projects: {p: {directory: d}}}}\n"

func TestSearchOrder(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("EVENKEEL_CONFIG", "")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	flag, variable := write("flag.yaml", least), write("variable.yaml", least)

	_, err := first([]string{"evenkeel.yaml", dir + "/etc.yaml"}, "")
	require.EqualError(t, err, "no configuration in evenkeel.yaml, "+dir+"/etc.yaml; write one with: starter init")
	var missing *NotFoundError
	require.ErrorAs(t, err, &missing)
	require.ErrorIs(t, err, fs.ErrNotExist)

	here := write("evenkeel.yaml", least)
	got, err := Load("")
	require.NoError(t, err)
	require.Equal(t, here, got.Path)

	t.Setenv("EVENKEEL_CONFIG", variable)
	got, err = Load("")
	require.NoError(t, err)
	require.Equal(t, variable, got.Path)

	got, err = Load("flag.yaml")
	require.NoError(t, err)
	require.Equal(t, flag, got.Path)

	_, err = Load("gone.yaml")
	require.EqualError(t, err, "gone.yaml, which --config names, does not exist")
	t.Setenv("EVENKEEL_CONFIG", "gone.yaml")
	_, err = Load("")
	require.EqualError(t, err, "gone.yaml, which $EVENKEEL_CONFIG names, does not exist")

	_, err = Load(dir)
	require.ErrorContains(t, err, "is a folder, not a file")
}

func TestStateDir(t *testing.T) {
	for _, c := range []struct {
		name, state, xdg, home string
		root                   bool
		want                   string
	}{
		{name: "variable", state: "/s", xdg: "/x", home: "/h", root: true, want: "/s"},
		{name: "root", xdg: "/x", home: "/h", root: true, want: "/var/lib/evenkeel"},
		{name: "xdg", xdg: "/x", home: "/h", want: "/x/evenkeel"},
		{name: "relative xdg", xdg: "x", home: "/h", want: "/h/.local/state/evenkeel"},
		{name: "home", home: "/h", want: "/h/.local/state/evenkeel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("EVENKEEL_STATE", c.state)
			t.Setenv("XDG_STATE_HOME", c.xdg)
			t.Setenv("HOME", c.home)
			got, err := stateDir(c.root)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	t.Setenv("EVENKEEL_STATE", "")
	t.Setenv("XDG_STATE_HOME", "")
	t.Setenv("HOME", "")
	_, err := stateDir(false)
	require.ErrorContains(t, err, "set EVENKEEL_STATE")
}
