package ledger

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// appendHere makes this process append entries and say so, each on a line once it is acknowledged. The
// tests below run several of them and kill them.
const appendHere = "EVENKEEL_TEST_APPEND"

type appender struct {
	Options Options
	Prefix  string
	// Count is how many entries to append; 0 is until killed.
	Count int
}

func TestMain(m *testing.M) {
	if text := os.Getenv(appendHere); text != "" {
		var a appender
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			panic(err)
		}
		if err := a.run(context.Background()); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func (a appender) run(ctx context.Context) error {
	store, err := Open(ctx, a.Options)
	if err != nil {
		return err
	}
	defer store.Close()
	for i := 0; a.Count == 0 || i < a.Count; i++ {
		e, err := store.Append(ctx, note(fmt.Sprint(a.Prefix, i)))
		if err != nil {
			return err
		}
		fmt.Println(e.Seq, e.Hash)
	}
	return nil
}

// start runs an appender as a process of its own.
func (a appender) start(t *testing.T) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	text, err := json.Marshal(a)
	require.NoError(t, err)
	child := exec.Command(self)
	child.Env = append(os.Environ(), appendHere+"="+string(text))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	t.Cleanup(func() { _ = child.Process.Kill() })
	return child, bufio.NewScanner(out)
}

// Several goroutines and two processes append at once, and repeat each other.
func (s *site) atTheSameTime() {
	const each, writers = 20, 4
	store := s.open()
	group, ctx := errgroup.WithContext(s.t.Context())
	for w := range writers {
		group.Go(func() error {
			for i := range each {
				// Every key is appended by two goroutines.
				if _, err := store.Append(ctx, note(fmt.Sprintf("g%d/%d", w/2, i))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for w := range 2 {
		child, lines := appender{Options: s.Options, Prefix: fmt.Sprintf("p%d/", w), Count: each}.start(s.t)
		group.Go(func() error {
			for lines.Scan() {
				if _, err := ledger.ParseHead(lines.Text()); err != nil {
					return err
				}
			}
			return child.Wait()
		})
	}
	require.NoError(s.t, group.Wait())

	const want = each * (writers/2 + 2)
	s.clean(store, want)
	s.clean(s.open(), want)
	require.Equal(s.t, int64(want), s.anchored().Seq, "the last of all has brought the anchor to the end")
	keys := map[string]bool{}
	for _, e := range s.all(store) {
		require.False(s.t, keys[e.Key])
		keys[e.Key] = true
	}
}

// All hosts of a fleet, or two processes of a host, start for the first time.
func (s *site) firstOpensAtOnce() {
	const opens = 6
	group, ctx := errgroup.WithContext(s.t.Context())
	for i := range opens {
		group.Go(func() error {
			store, err := Open(ctx, s.Options)
			if err != nil {
				return err
			}
			_, err = store.Append(ctx, note(fmt.Sprint("k", i)))
			return errors.Join(err, store.Close())
		})
	}
	require.NoError(s.t, group.Wait())
	s.clean(s.open(), opens)
}

// A process that is killed at any instant has lost nothing that it acknowledged, and the next goes on.
func TestKilledAppend(t *testing.T) {
	s := sqliteSite(t)
	acknowledged := map[string]bool{}
	for round := range 20 {
		child, lines := appender{Options: s.Options, Prefix: fmt.Sprintf("r%d/", round)}.start(t)
		require.True(t, lines.Scan(), "it begins to append")
		acknowledged[lines.Text()] = true
		kill := time.AfterFunc(time.Duration(round)*time.Millisecond, func() { _ = child.Process.Kill() })
		for lines.Scan() {
			acknowledged[lines.Text()] = true
		}
		kill.Stop()
		_ = child.Wait()
	}
	store, err := Open(t.Context(), Options{DSN: s.DSN, StateDir: s.StateDir, ReadOnly: true})
	require.NoError(t, err)
	defer store.Close()
	report, err := store.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.Clean, "%v", report.Faults)
	entries := s.all(store)
	for line := range acknowledged {
		head, err := ledger.ParseHead(line)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(entries, func(e ledger.Entry) bool { return e.Head() == head }), "%s is lost", line)
	}
	require.LessOrEqual(t, s.anchored().Seq, report.Head.Seq)
	t.Logf("%d acknowledged, %d in the ledger, anchor at %d", len(acknowledged), len(entries), s.anchored().Seq)

	last := s.open()
	require.Equal(t, report.Head, s.anchored())
	s.fill(last, 1)
	s.clean(last, len(entries)+1)
}
