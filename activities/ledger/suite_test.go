package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// site is a fresh database for one test.
type site struct {
	t *testing.T
	Options
	// db is somebody who does not go through the store.
	db *sql.DB
	// unguard takes the triggers away, and guard brings them back.
	unguard, guard []string
	// fresh makes another site of the same kind.
	fresh func(*testing.T) *site
}

// suite are the tests that every kind of database must pass.
var suite = map[string]func(*site){
	"append and read":         (*site).appendAndRead,
	"one key is one entry":    (*site).oneKeyOneEntry,
	"the first of a key":      (*site).firstOfAKey,
	"within bounds":           (*site).withinBounds,
	"bad input":               (*site).badInput,
	"filters":                 (*site).filters,
	"pages":                   (*site).pages,
	"append-only":             (*site).appendOnly,
	"at the same time":        (*site).atTheSameTime,
	"first opens at once":     (*site).firstOpensAtOnce,
	"tampering":               (*site).tampering,
	"anchor goes forward":     (*site).anchorGoesForward,
	"nothing after a cut":     (*site).nothingAfterACut,
	"anchor that was changed": (*site).anchorChanged,
	"to read only":            (*site).toReadOnly,
	"cancelled":               (*site).cancelled,
	"check":                   (*site).check,
}

func runSuite(t *testing.T, fresh func(*testing.T) *site) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			s.fresh = fresh
			test(s)
		})
	}
}

func TestSQLite(t *testing.T) { runSuite(t, sqliteSite) }

func sqliteSite(t *testing.T) *site {
	dir := t.TempDir()
	s := &site{t: t, Options: Options{StateDir: dir}}
	s.connect("sqlite", "file:"+filepath.Join(dir, "ledger.db")+"?_pragma=busy_timeout=10000")
	own, err := ownObjects()
	require.NoError(t, err)
	for key, text := range own {
		if name, ok := strings.CutPrefix(key, "trigger "); ok {
			s.unguard, s.guard = append(s.unguard, "DROP TRIGGER "+name), append(s.guard, text)
		}
	}
	return s
}

func (s *site) connect(driver, dsn string) {
	db, err := sql.Open(driver, dsn)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = db.Close() })
	s.db = db
}

// open opens the ledger as a worker does.
func (s *site) open() *Store {
	s.t.Helper()
	store, err := Open(s.t.Context(), s.Options)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = store.Close() })
	return store
}

func (s *site) exec(statements ...string) {
	s.t.Helper()
	for _, statement := range statements {
		_, err := s.db.ExecContext(s.t.Context(), statement)
		require.NoError(s.t, err, statement)
	}
}

// tamper does what the triggers refuse, and leaves no trace of that.
func (s *site) tamper(statements ...string) {
	s.t.Helper()
	s.exec(s.unguard...)
	s.exec(statements...)
	s.exec(s.guard...)
}

func (s *site) anchorFile() string { return filepath.Join(s.StateDir, "ledger.head") }

// anchored reads the anchor from the disk.
func (s *site) anchored() ledger.Head {
	s.t.Helper()
	text, err := os.ReadFile(s.anchorFile())
	require.NoError(s.t, err)
	head, err := ledger.ParseHead(string(text))
	require.NoError(s.t, err)
	return head
}

func (s *site) setAnchor(h ledger.Head) {
	require.NoError(s.t, os.WriteFile(s.anchorFile(), []byte(h.String()+"\n"), 0o600))
}

// fill appends entries k1 to kN.
func (s *site) fill(store *Store, n int) []ledger.Entry {
	s.t.Helper()
	var out []ledger.Entry
	for i := range n {
		e, err := store.Append(s.t.Context(), note(fmt.Sprint("k", i+1)))
		require.NoError(s.t, err)
		out = append(out, e)
	}
	return out
}

func (s *site) all(store *Store) []ledger.Entry {
	s.t.Helper()
	var out []ledger.Entry
	require.NoError(s.t, store.Each(s.t.Context(), func(e ledger.Entry) error { out = append(out, e); return nil }))
	return out
}

func (s *site) clean(store *Store, entries int) {
	s.t.Helper()
	report, err := store.Verify(s.t.Context())
	require.NoError(s.t, err)
	require.Empty(s.t, report.Faults)
	require.True(s.t, report.Clean)
	require.Equal(s.t, int64(entries), report.Entries)
}

func note(key string) ledger.Draft {
	return ledger.Draft{
		Key: key, At: "2026-03-01T12:00:00Z", Kind: "note", Subject: "s", Actor: "anna", WorkflowID: "w", RunID: "r", Data: `{"of":"` + key + `"}`,
	}
}

func class(err error) string {
	if e, ok := errors.AsType[*activities.Error](err); ok {
		return e.Class
	}
	return fmt.Sprint(err)
}

func (s *site) appendAndRead() {
	store := s.open()
	head, err := store.Follow(s.t.Context())
	require.NoError(s.t, err)
	require.Equal(s.t, ledger.Beginning(), head)
	require.Equal(s.t, ledger.Beginning(), s.anchored(), "from the first open on it shows when all is taken away")
	s.clean(store, 0)

	full := ledger.Draft{
		Key: "runbook/disk/gpu1/4f1c/approved", At: "2026-03-01T12:00:00.123456789Z", Kind: "approval", Subject: "Grüße 日本 🎉 'quoted' \"%_\\",
		Actor: "anna@gpu-1", WorkflowID: "runbook/disk/gpu1", RunID: "4f1c", Data: "line\nline\ttab \u2028 <&> " + strings.Repeat("ä", 1000) + " end ",
	}
	first, err := store.Append(s.t.Context(), full)
	require.NoError(s.t, err)
	require.Equal(s.t, full.Seal(ledger.Beginning()), first)
	require.Equal(s.t, first.Head(), s.anchored())
	second, err := store.Append(s.t.Context(), ledger.Draft{Key: "least", At: "2026-03-01T12:00:00Z", Kind: "note"})
	require.NoError(s.t, err)
	require.Equal(s.t, first.Hash, second.PrevHash)

	want := []ledger.Entry{first, second}
	require.Equal(s.t, want, s.all(store), "what is read are the bytes that were hashed")
	head, err = store.Follow(s.t.Context())
	require.NoError(s.t, err)
	require.Equal(s.t, second.Head(), head)
	require.NoError(s.t, store.Close())

	again := s.open()
	require.Equal(s.t, want, s.all(again))
	s.clean(again, 2)
	stop := errors.New("stop")
	require.Equal(s.t, stop, again.Each(s.t.Context(), func(ledger.Entry) error { return stop }))
}

func (s *site) oneKeyOneEntry() {
	store := s.open()
	first, err := store.Append(s.t.Context(), note("k"))
	require.NoError(s.t, err)
	s.fill(store, 2)
	later := note("k")
	later.At, later.RunID = "2026-03-02T12:00:00Z", "another run"
	again, err := store.Append(s.t.Context(), later)
	require.NoError(s.t, err)
	require.Equal(s.t, first, again, "the first time stays")
	for _, change := range []func(*ledger.Draft){
		func(d *ledger.Draft) { d.Kind = "other" },
		func(d *ledger.Draft) { d.Subject = "other" },
		func(d *ledger.Draft) { d.Actor = "other" },
		func(d *ledger.Draft) { d.Data = `{"of": "k"}` },
	} {
		other := note("k")
		change(&other)
		_, err := store.Append(s.t.Context(), other)
		require.EqualError(s.t, err, `entry 1 of the ledger has the key "k" already and says something else`)
		require.Equal(s.t, activities.Conflict, class(err))
	}
	s.clean(store, 3)
}

// Of all who claim a key at the same time, on whichever worker, one is told that it is the first.
func (s *site) firstOfAKey() {
	stores := []*Store{s.open(), s.open()}
	firsts := make(chan bool, 16)
	var claims sync.WaitGroup
	for i := range cap(firsts) {
		claims.Go(func() {
			d := note("claim")
			d.Data = fmt.Sprint(i) // they do not even say the same
			first, err := stores[i%len(stores)].AppendFirst(s.t.Context(), d)
			assert.NoError(s.t, err)
			firsts <- first
		})
	}
	claims.Wait()
	close(firsts)
	count := 0
	for first := range firsts {
		if first {
			count++
		}
	}
	require.Equal(s.t, 1, count)
	require.Len(s.t, s.all(stores[0]), 1)
	first, err := stores[1].AppendFirst(s.t.Context(), note("another"))
	require.NoError(s.t, err)
	require.True(s.t, first)
	_, err = stores[1].AppendFirst(s.t.Context(), ledger.Draft{})
	require.Equal(s.t, activities.InvalidInput, class(err))
	s.clean(stores[0], 2)
}

// withinBounds adds only what is not refused, also where many come at once.
func (s *site) withinBounds() {
	store := s.open()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	draft := func(key, subject string, at time.Time) ledger.Draft {
		return ledger.Draft{Key: key, At: at.Format(time.RFC3339), Kind: "acting", Subject: subject}
	}
	atMost := func(n int) func([]ledger.Entry) string {
		return func(before []ledger.Entry) string {
			if len(before) >= n {
				return "enough"
			}
			return ""
		}
	}
	var group sync.WaitGroup
	var refused atomic.Int32
	for i := range 12 {
		group.Go(func() {
			why, err := store.AppendUnless(s.t.Context(), draft(fmt.Sprint("k", i), "a", now), now.Add(-time.Minute), atMost(3))
			require.NoError(s.t, err)
			if why != "" {
				require.Equal(s.t, "enough", why)
				refused.Add(1)
			}
		})
	}
	group.Wait()
	require.Equal(s.t, int32(9), refused.Load())
	require.Len(s.t, s.all(store), 3)
	for name, c := range map[string]struct {
		draft ledger.Draft
		since time.Time
		why   string
	}{
		"another subject":    {draft("o", "b", now), now.Add(-time.Minute), ""},
		"long ago":           {draft("l", "a", now), now.Add(time.Second), ""},
		"in the same second": {draft("s", "a", now), now, "enough"},
	} {
		why, err := store.AppendUnless(s.t.Context(), c.draft, c.since, atMost(3))
		require.NoError(s.t, err, name)
		require.Equal(s.t, c.why, why, name)
	}
	kept := s.all(store)[0]
	why, err := store.AppendUnless(s.t.Context(), draft(kept.Key, "a", now), now.Add(-time.Minute), atMost(0))
	require.NoError(s.t, err)
	require.Empty(s.t, why, "what is there already is not counted against itself")
	s.clean(store, 5)
}

func (s *site) badInput() {
	store := s.open()
	_, err := store.Append(s.t.Context(), ledger.Draft{})
	require.Equal(s.t, activities.InvalidInput, class(err))
	_, err = store.Read(s.t.Context(), ledger.Filter{Limit: -1})
	require.Equal(s.t, activities.InvalidInput, class(err))
	_, err = store.Append(s.t.Context(), note(strings.Repeat("k", ledger.MaxKey)))
	require.NoError(s.t, err)
	most := note("most")
	most.Data = strings.Repeat("x", ledger.MaxData)
	_, err = store.Append(s.t.Context(), most)
	require.NoError(s.t, err)
	s.clean(store, 2)
}

func (s *site) filters() {
	store := s.open()
	for _, d := range []ledger.Draft{
		{Key: "a/1", At: "2026-03-01T12:00:00Z", Kind: "run", Subject: "disk", Actor: "anna", WorkflowID: "w1"},
		{Key: "a/2", At: "2026-03-01T12:00:01.5Z", Kind: "run", Subject: "gpu", Actor: "otto", WorkflowID: "w1"},
		{Key: "a0", At: "2026-03-01T12:00:02Z", Kind: "run", Subject: "disk", Actor: "otto", WorkflowID: "w2"},
		{Key: "B", At: "2026-03-01T12:00:01Z", Kind: "Run", Subject: "disk", Actor: "", WorkflowID: "w2"},
		{Key: "a/%", At: "2026-03-01T12:00:03Z", Kind: "run", Subject: "disk", Actor: "anna", WorkflowID: ""},
	} {
		_, err := store.Append(s.t.Context(), d)
		require.NoError(s.t, err)
	}
	for name, c := range map[string]struct {
		f    ledger.Filter
		want []int64
	}{
		"all":            {ledger.Filter{}, []int64{1, 2, 3, 4, 5}},
		"newest first":   {ledger.Filter{NewestFirst: true}, []int64{5, 4, 3, 2, 1}},
		"kind":           {ledger.Filter{Kind: "run"}, []int64{1, 2, 3, 5}},
		"subject":        {ledger.Filter{Subject: "disk"}, []int64{1, 3, 4, 5}},
		"actor":          {ledger.Filter{Actor: "otto"}, []int64{2, 3}},
		"workflow":       {ledger.Filter{WorkflowID: "w2"}, []int64{3, 4}},
		"prefix":         {ledger.Filter{KeyPrefix: "a/"}, []int64{1, 2, 5}},
		"prefix, no jok": {ledger.Filter{KeyPrefix: "a/%"}, []int64{5}},
		"since":          {ledger.Filter{Since: "2026-03-01T12:00:01Z"}, []int64{2, 3, 4, 5}},
		"since, finer":   {ledger.Filter{Since: "2026-03-01T12:00:01.9Z"}, []int64{2, 3, 4, 5}},
		"runs of disk":   {ledger.Filter{Kind: "run", Subject: "disk", KeyPrefix: "a", Since: "2026-03-01T12:00:01Z", NewestFirst: true}, []int64{5, 3}},
		"limit":          {ledger.Filter{Limit: 2}, []int64{1, 2}},
		"newest two":     {ledger.Filter{Limit: 2, NewestFirst: true}, []int64{5, 4}},
		"after":          {ledger.Filter{AfterSeq: 3}, []int64{4, 5}},
		"between":        {ledger.Filter{AfterSeq: 1, BeforeSeq: 4}, []int64{2, 3}},
		"none":           {ledger.Filter{Kind: "none"}, []int64{}},
	} {
		got := []int64{}
		page, err := store.Read(s.t.Context(), c.f)
		require.NoError(s.t, err, name)
		require.NotNil(s.t, page)
		for _, e := range page {
			got = append(got, e.Seq)
		}
		require.Equal(s.t, c.want, got, name)
	}
}

func (s *site) pages() {
	store := s.open()
	for i := range 12 {
		d := note(fmt.Sprint("k", i+1))
		d.Data = strings.Repeat("x", ledger.MaxData)
		if i == 5 {
			d.Data = strings.Repeat("\x01", ledger.MaxData) // six bytes each, more than a page
		}
		_, err := store.Append(s.t.Context(), d)
		require.NoError(s.t, err)
	}
	for _, newest := range []bool{false, true} {
		var seen []int64
		f := ledger.Filter{NewestFirst: newest, Limit: 5}
		for {
			page, err := store.Read(s.t.Context(), f)
			require.NoError(s.t, err)
			if len(page) == 0 {
				break
			}
			require.LessOrEqual(s.t, len(page), 3, "four of them and their keys are more than a page")
			for _, e := range page {
				seen = append(seen, e.Seq)
			}
			if last := seen[len(seen)-1]; newest {
				f.BeforeSeq = last
			} else {
				f.AfterSeq = last
			}
		}
		require.Len(s.t, seen, 12)
		for i, seq := range seen {
			if newest {
				require.Equal(s.t, int64(12-i), seq)
			} else {
				require.Equal(s.t, int64(i+1), seq)
			}
		}
	}
}

// The database itself refuses what a person might do to it by mistake.
func (s *site) appendOnly() {
	store := s.open()
	s.fill(store, 3)
	for _, statement := range []string{
		"UPDATE ledger_entry SET data = 'x' WHERE seq = 2",
		"DELETE FROM ledger_entry WHERE seq = 3",
		"DELETE FROM ledger_entry",
		"UPDATE ledger_head SET seq = 2",
		"UPDATE ledger_head SET seq = 5",
		"DELETE FROM ledger_head",
		"INSERT INTO ledger_head VALUES (1, 2, 'x')",
		"INSERT INTO ledger_entry SELECT 2, 'new', at, kind, subject, actor, workflow_id, run_id, data, prev_hash, hash FROM ledger_entry WHERE seq = 1",
		"INSERT INTO ledger_entry SELECT 4, 'k1', at, kind, subject, actor, workflow_id, run_id, data, prev_hash, hash FROM ledger_entry WHERE seq = 1",
	} {
		_, err := s.db.ExecContext(s.t.Context(), statement)
		require.Error(s.t, err, statement)
	}
	s.clean(store, 3)
}

func (s *site) cancelled() {
	store := s.open()
	ctx, cancel := context.WithCancel(s.t.Context())
	cancel()
	_, err := store.Append(ctx, note("k"))
	require.ErrorIs(s.t, err, context.Canceled)
	_, err = store.Read(ctx, ledger.Filter{})
	require.ErrorIs(s.t, err, context.Canceled)
	_, err = store.Append(s.t.Context(), note("k"))
	require.NoError(s.t, err, "the store goes on")
	s.clean(store, 1)
}
