package compose

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
)

func TestInTurn(t *testing.T) {
	turn := newTurn("/srv/shop")
	turn.within = 50 * time.Millisecond
	value, err := inTurn(t.Context(), turn, func(context.Context) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, value)
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { return 0, errors.New("no file") })
	require.EqualError(t, err, "no file")

	// A reader that gives up does not end the process, and does not quote what it read.
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { panic("secret: hunter2") })
	requireClass(t, activities.InvalidInput, err)
	require.NotContains(t, err.Error(), "hunter2")
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) {
		var none []int
		return none[len(none)], nil
	})
	requireClass(t, activities.InvalidInput, err)
	require.ErrorContains(t, err, "the Compose project of /srv/shop cannot be read")
	require.ErrorContains(t, err, "index out of range")

	// One that never ends keeps the turn: no more than one is stuck, and nobody waits for long.
	stuck := make(chan struct{})
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { <-stuck; return 0, nil })
	requireClass(t, activities.Unavailable, err)
	require.ErrorContains(t, err, "reading the Compose project of /srv/shop took longer than 50ms")
	_, err = inTurn(t.Context(), turn, func(context.Context) (int, error) { return 0, nil })
	requireClass(t, activities.Unavailable, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = inTurn(cancelled, turn, func(context.Context) (int, error) { return 0, nil })
	require.ErrorIs(t, err, context.Canceled)
	close(stuck)
	require.Eventually(t, func() bool {
		value, err := inTurn(t.Context(), turn, func(context.Context) (int, error) { return 8, nil })
		return err == nil && value == 8
	}, 10*time.Second, time.Millisecond)
}

// What the services name is read later than the Compose files, and bounded like them.
func TestEnvFilesAreReadInTurn(t *testing.T) {
	stuck := make(chan struct{})
	dotenv.RegisterFormat("gives-up", func(io.Reader, string, map[string]string, func(string) (string, bool)) error {
		panic("secret: hunter2")
	})
	dotenv.RegisterFormat("never-ends", func(io.Reader, string, map[string]string, func(string) (string, bool)) error { <-stuck; return nil })
	for format, class := range map[string]string{"gives-up": activities.InvalidInput, "never-ends": activities.Unavailable} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "env"), []byte("A=1\n"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "compose.yaml"),
			[]byte("services: {a: {image: x, env_file: [{path: env, format: "+format+"}]}}\n"), 0o600))
		for name, read := range map[string]func(*Project) error{
			"services": func(p *Project) error { _, err := p.Services(t.Context()); return err },
			"one":      func(p *Project) error { _, err := p.Hash(t.Context(), "a", nil); return err },
			"unfit": func(p *Project) error {
				_, err := p.Unfit(t.Context(), Seen{Containers: []SeenContainer{{Service: "a"}}})
				return err
			},
		} {
			p := New(Options{Directory: dir})
			if class == activities.Unavailable {
				p.reading.within = 300 * time.Millisecond
			}
			err := read(p)
			requireClass(t, class, err)
			require.ErrorContains(t, err, dir, "%s, %s", format, name)
			require.NotContains(t, err.Error(), "hunter2")
		}
	}
	close(stuck)
}
