package nginx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

var _ activities.Nginx = (*Router)(nil)

// fake is an nginx that reads every file of its folder when it is reloaded, as the real one does.
type fake struct {
	dir string
	// refuse answers Test; nil accepts everything.
	refuse func() error
	// reload answers Reload before it happens; nil lets it happen.
	reload func() error
	// stuck is an nginx that takes the signal and does not start workers.
	stuck bool
	// blind is an nginx whose configuration does not include the folder.
	blind bool

	mu      sync.Mutex
	reloads int
	workers []int
	serving string // what the files said at the last reload
	busy    int    // calls of Test at this moment
	overlap bool   // two calls of Test at once
	asked   []string
}

func newFake(t *testing.T) *fake {
	return &fake{dir: t.TempDir(), workers: []int{100, 101}}
}

func (f *fake) Test(context.Context) (string, error) {
	f.mu.Lock()
	f.busy++
	f.overlap = f.overlap || f.busy > 1
	f.mu.Unlock()
	time.Sleep(time.Millisecond)
	f.mu.Lock()
	f.busy--
	f.mu.Unlock()
	if f.refuse != nil {
		return "", f.refuse()
	}
	if f.blind {
		return "events {}", nil
	}
	var config string
	names, err := filepath.Glob(filepath.Join(f.dir, "*.conf"))
	for _, name := range names {
		text, readErr := os.ReadFile(name)
		config, err = config+string(text), errors.Join(err, readErr)
	}
	return config, err
}

func (f *fake) Reload(context.Context) error {
	if f.reload != nil {
		if err := f.reload(); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reloads++
	if f.stuck {
		return nil
	}
	names, err := filepath.Glob(filepath.Join(f.dir, "*.conf"))
	f.serving = ""
	for _, name := range names {
		text, _ := os.ReadFile(name)
		f.serving += string(text)
	}
	f.workers = append(f.workers, slices.Max(f.workers)+1)
	return err
}

func (f *fake) Place(context.Context) (scaling.Place, error) {
	return scaling.Place{Networks: []scaling.Attachment{{NetworkID: "1", Network: "front", Address: "172.18.0.2"}}}, nil
}

func (f *fake) Reach(_ context.Context, addresses []string) error {
	f.asked = addresses
	return activities.ErrNoWayIn
}

func (f *fake) Workers(context.Context) ([]int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.workers), nil
}

func requireClass(t *testing.T, class string, err error) {
	t.Helper()
	var e *activities.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, class, e.Class, "%v", err)
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

func TestApply(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	path := filepath.Join(f.dir, "app.conf")
	defer syscall.Umask(syscall.Umask(0o077))

	workers, err := r.Apply(t.Context(), "app", []string{"172.18.0.10:8080", "172.18.0.9:8080", "[fd00::1]:8080", "172.18.0.9:8080"})
	require.NoError(t, err)
	require.Equal(t, []int{100, 101}, workers, "the workers from before the reload")
	require.Equal(t, `# Managed by evenkeel: do not edit, the next change of the replicas replaces this file.
upstream app {
    zone evenkeel_app 1m;
    least_conn;
    server 172.18.0.9:8080 max_fails=0;
    server 172.18.0.10:8080 max_fails=0;
    server [fd00::1]:8080 max_fails=0;
}
`, read(t, path))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode(), "nginx must be able to read it under any umask")

	workers, err = r.Apply(t.Context(), "app", nil)
	require.NoError(t, err)
	require.Equal(t, []int{100, 101, 102}, workers, "those that are shutting down included")
	require.Contains(t, read(t, path), "    server 127.0.0.1:9 down;")
	require.NotContains(t, read(t, path), "max_fails", "managed, without members")
	require.Equal(t, 2, f.reloads)

	entries, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "nothing but the upstream and the lock is left")
}

func TestApplyRefusesBadInput(t *testing.T) {
	cases := []struct{ name, upstream, server string }{
		{"empty name", "", "10.0.0.1:80"},
		{"path in the name", "../app", "10.0.0.1:80"},
		{"hidden file", ".app", "10.0.0.1:80"},
		{"two dots", "app..conf", "10.0.0.1:80"},
		{"an option", "-app", "10.0.0.1:80"},
		{"text in the name", "app{}\nserver", "10.0.0.1:80"},
		{"newline after the name", "app\n", "10.0.0.1:80"},
		{"long name", strings.Repeat("a", 101), "10.0.0.1:80"},
		{"no port", "app", "10.0.0.1"},
		{"port 0", "app", "10.0.0.1:0"},
		{"port too high", "app", "10.0.0.1:65536"},
		{"host name", "app", "replica:80"},
		{"text after the port", "app", "10.0.0.1:80 down"},
		{"text in the IPv6 zone", "app", "[fe80::1%a;}]:80"},
		{"unix socket", "app", "unix:/run/x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			_, err := New(f.dir, f).Apply(t.Context(), c.upstream, []string{c.server})
			requireClass(t, activities.InvalidInput, err)
			require.Zero(t, f.reloads)
			entries, err := os.ReadDir(f.dir)
			require.NoError(t, err)
			require.Empty(t, entries)
		})
	}
}

func TestRefusedConfigurationIsPutBack(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	path := filepath.Join(f.dir, "app.conf")
	words := errors.New(`nginx -t: [emerg] unknown directive "nonsense" in /etc/nginx/nginx.conf:1`)
	f.refuse = func() error {
		require.Contains(t, read(t, path), "10.0.0.2:80", "nginx is asked about the new file")
		return activities.Fail(activities.PreconditionFailed, words)
	}

	_, err := r.Apply(t.Context(), "app", []string{"10.0.0.2:80"})
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorIs(t, err, words)
	require.NoFileExists(t, path, "there was none before")

	accept := f.refuse
	f.refuse = nil
	_, err = r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	require.NoError(t, err)
	old := read(t, path)
	f.refuse = accept
	_, err = r.Apply(t.Context(), "app", []string{"10.0.0.2:80"})
	requireClass(t, activities.PreconditionFailed, err)
	require.Equal(t, old, read(t, path))
	require.Equal(t, 1, f.reloads)
}

// A worker that dies between the file and the reload leaves a file that nginx does not serve.
func TestCallAgainAfterACrash(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	gone := activities.Fail(activities.Unavailable, errors.New("connection lost"))
	f.reload = func() error { return gone }
	_, err := r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	require.ErrorIs(t, err, gone)
	require.NotContains(t, f.serving, "10.0.0.1:80")
	// The crash may also have come in the middle of a write.
	require.NoError(t, os.WriteFile(filepath.Join(f.dir, ".app.conf.new"), []byte("upstream"), 0o600))

	f.reload = nil
	_, err = r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	require.NoError(t, err)
	require.Contains(t, f.serving, "10.0.0.1:80")
	require.NoFileExists(t, filepath.Join(f.dir, ".app.conf.new"))
}

// A folder that is not there would only be found once replicas are made.
func TestMembersWithoutAFolder(t *testing.T) {
	f := newFake(t)
	members, err := New(f.dir, f).Members("app")
	require.NoError(t, err)
	require.Empty(t, members)
	_, err = New(filepath.Join(f.dir, "gone"), f).Members("app")
	requireClass(t, activities.NotFound, err)
}

// A reload that nobody repeats leaves no file behind that a later one would take.
func TestFinalFailureOfTheReload(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	path := filepath.Join(f.dir, "app.conf")
	f.reload = func() error { return activities.Fail(activities.PermissionDenied, errors.New("not permitted")) }
	_, err := r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	requireClass(t, activities.PermissionDenied, err)
	require.NoFileExists(t, path)

	fails := f.reload
	f.reload = nil
	_, err = r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	require.NoError(t, err)
	old := read(t, path)
	f.reload = fails
	_, err = r.Apply(t.Context(), "app", []string{"10.0.0.2:80"})
	requireClass(t, activities.PermissionDenied, err)
	require.Equal(t, old, read(t, path))
}

func TestAPersonsFileIsNotTouched(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	path := filepath.Join(f.dir, "app.conf")
	require.NoError(t, os.WriteFile(path, []byte("upstream app { server 10.0.0.9:80; }\n"), 0o644))
	_, err := r.Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	requireClass(t, activities.Conflict, err)
	require.Equal(t, "upstream app { server 10.0.0.9:80; }\n", read(t, path))

	_, err = New(filepath.Join(f.dir, "none"), f).Apply(t.Context(), "app", nil)
	requireClass(t, activities.NotFound, err)
	require.Zero(t, f.reloads)
}

func TestOneWriterAtATime(t *testing.T) {
	f := newFake(t)
	var group sync.WaitGroup
	for i := range 12 {
		// Routers of their own, as two processes would have.
		group.Go(func() {
			_, err := New(f.dir, f).Apply(t.Context(), fmt.Sprintf("app%d", i%3), []string{fmt.Sprintf("10.0.0.%d:80", i+1)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.False(t, f.overlap, "two changes at once")
	require.Equal(t, 12, f.reloads)
	for i := range 3 {
		require.Contains(t, f.serving, read(t, filepath.Join(f.dir, fmt.Sprintf("app%d.conf", i))))
	}
}

func TestWaitForTheLockHeedsTheContext(t *testing.T) {
	f := newFake(t)
	unlock, err := lock(t.Context(), f.dir)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = New(f.dir, f).Apply(ctx, "app", nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, unlock())
	_, err = New(f.dir, f).Apply(t.Context(), "app", nil)
	require.NoError(t, err)
}

func TestNoNewWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(t)
		f.stuck = true
		start := time.Now()
		_, err := New(f.dir, f).Apply(t.Context(), "app", []string{"10.0.0.1:80"})
		requireClass(t, activities.Unavailable, err)
		require.ErrorContains(t, err, "nginx did not start new workers")
		require.InDelta(t, startWithin.Seconds(), time.Since(start).Seconds(), 1)
		require.FileExists(t, filepath.Join(f.dir, "app.conf"), "calling again is the repair")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = New(f.dir, f).Apply(ctx, "app", nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

func TestServing(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	f.workers = []int{7, 8, 9}
	alive, err := r.Serving(t.Context(), []int{6, 8, 7})
	require.NoError(t, err)
	require.Equal(t, []int{7, 8}, alive)
	alive, err = r.Serving(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, alive)
}

// A change that nginx would never read is refused and taken back.
func TestFolderThatIsNotIncluded(t *testing.T) {
	f := newFake(t)
	f.blind = true
	_, err := New(f.dir, f).Apply(t.Context(), "app", []string{"10.0.0.1:80"})
	requireClass(t, activities.PreconditionFailed, err)
	require.ErrorContains(t, err, "nginx does not read "+filepath.Join(f.dir, "app.conf"))
	require.NoFileExists(t, filepath.Join(f.dir, "app.conf"))
	require.Zero(t, f.reloads)
}

func TestMembers(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	none, err := r.Members("openWebUI")
	require.NoError(t, err)
	require.Empty(t, none, "there is no file")
	for _, name := range []string{"openWebUI", "_worker", "v1.2-rc_3"} {
		for _, want := range [][]string{{"10.0.0.9:80", "[fd00::1]:8080"}, nil} {
			_, err = r.Apply(t.Context(), name, want)
			require.NoError(t, err)
			got, err := r.Members(name)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(f.dir, "theirs.conf"), []byte("upstream theirs { server 10.0.0.9:80; }\n"), 0o644))
	_, err = r.Members("theirs")
	requireClass(t, activities.Conflict, err)
	_, err = r.Members("../theirs")
	requireClass(t, activities.InvalidInput, err)
}

func TestTheProcessKnowsWhereItStands(t *testing.T) {
	f := newFake(t)
	r := New(f.dir, f)
	place, err := r.Place(t.Context())
	require.NoError(t, err)
	require.Equal(t, "front", place.Networks[0].Network)
	require.ErrorIs(t, r.Reach(t.Context(), []string{"172.18.0.3:80"}), activities.ErrNoWayIn)
	require.Equal(t, []string{"172.18.0.3:80"}, f.asked)
}
