package cli

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/activities"
	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/starter/backup"
)

// appendDrafts is the script command `ledger PATH FILE`: it appends the drafts of a file, one in each
// line, to a SQLite ledger.
func appendDrafts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ledger PATH FILE")
	}
	store, err := ledgerdb.Open(context.Background(), ledgerdb.Options{DSN: "sqlite:" + ts.MkAbs(args[0])})
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		var d ledger.Draft
		ts.Check(json.Unmarshal([]byte(line), &d))
		_, err := store.Append(context.Background(), d)
		ts.Check(err)
	}
	ts.Check(store.Close())
}

// execSQL is the script command `sql PATH STATEMENT…`: somebody with all rights.
func execSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: sql PATH STATEMENT…")
	}
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0]))
	ts.Check(err)
	for _, statement := range args[1:] {
		_, err := db.Exec(statement)
		ts.Check(err)
	}
	ts.Check(db.Close())
}

func TestHoldsPassword(t *testing.T) {
	for dsn, want := range map[string]bool{
		"":                              false,
		"sqlite:/a:b@c":                 false,
		"postgres://h/d":                false,
		"postgres://u@h:5432/d":         false,
		"postgres://u@h/d?sslmode=off":  false,
		"postgres://u:p@h/d":            true,
		"postgresql://u:p@h/d":          true,
		"postgres://u:@h/d":             true,
		"postgres://u@h/d?password=p":   true,
		"postgres://h/d?sslpassword=p":  true,
		"postgres://u:100%sure@h/d":     true,
		"postgres://h:port/d?password=": true,
	} {
		require.Equal(t, want, holdsPassword(dsn), dsn)
	}
}

func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"{\"a\": 1,\n  \"b\": \"ä\"}": `{"a": 1, "b": "ä"}`,
		"\x1b[2J\x07hello\u202eolleh": `\u001b[2J\u0007hello\u202eolleh`,
		strings.Repeat("ä", 80):       strings.Repeat("ä", 80),
		strings.Repeat("ä", 81):       strings.Repeat("ä", 79) + "…",
	} {
		require.Equal(t, want, shown(text))
	}
}

// A backup that is made while entries are appended is a ledger that can be gone on with.
func TestBackupOfALedgerInUse(t *testing.T) {
	state := t.TempDir()
	store, err := ledgerdb.Open(t.Context(), ledgerdb.Options{StateDir: state})
	require.NoError(t, err)
	defer store.Close()
	ctx, stop := context.WithCancel(t.Context())
	appending := make(chan error, 1)
	var appended atomic.Int64
	go func() {
		var err error
		for ctx.Err() == nil && err == nil {
			_, err = store.Append(t.Context(), ledger.Draft{Key: fmt.Sprint(appended.Load()), At: "2026-03-01T12:00:00Z", Kind: "note"})
			appended.Add(1)
		}
		appending <- err
	}()
	for i := range 4 {
		for before := appended.Load(); appended.Load() < before+3 && len(appending) == 0; {
			time.Sleep(time.Millisecond)
		}
		least := appended.Load()
		file, to := filepath.Join(t.TempDir(), "b.tar.gz"), filepath.Join(t.TempDir(), "to")
		_, err := backup.Create(t.Context(), state, file, "gpu1", time.Now())
		require.NoError(t, err)
		_, err = backup.Restore(t.Context(), file, state, true, time.Now())
		require.ErrorContains(t, err, "a worker appends to the ledger", "what is appended would go nowhere")
		_, err = backup.Restore(t.Context(), file, to, false, time.Now())
		require.NoError(t, err)
		restored, err := ledgerdb.Open(t.Context(), ledgerdb.Options{StateDir: to})
		require.NoError(t, err)
		report, err := restored.Verify(t.Context())
		require.NoError(t, err)
		require.Empty(t, report.Faults)
		require.GreaterOrEqual(t, report.Entries, least)
		_, err = restored.Append(t.Context(), ledger.Draft{Key: "more", At: "2026-03-01T12:00:00Z", Kind: "note"})
		require.NoError(t, err, "backup %d", i)
		require.NoError(t, restored.Close())
	}
	stop()
	require.NoError(t, <-appending)
}

// Of the end of a change a row says the number, the outcome and the reason, which a row of data would cut off.
func TestDataText(t *testing.T) {
	long := strings.Repeat("x", 200)
	data, err := json.Marshal(activities.ServiceRunData{Host: "gpu-1", Project: "shop", Service: "app", From: new(1), To: 3, Outcome: "rolled_back", Reason: "app-2 said " + long + "\x1b[2K"})
	require.NoError(t, err)
	require.Equal(t, "app 1 → 3: rolled back: app-2 said "+long+`\u001b[2K`, dataText(ledger.Entry{Kind: activities.ServiceFinished, Data: string(data)}))
	require.Equal(t, "app → 3: failed", dataText(ledger.Entry{Kind: activities.ServiceFinished, Data: `{"service":"app","to":3,"outcome":"failed"}`}))
	require.Equal(t, "{broken", dataText(ledger.Entry{Kind: activities.ServiceFinished, Data: "{broken"}))
	require.Equal(t, `{"service":"app"}`, dataText(ledger.Entry{Kind: "other", Data: `{"service":"app"}`}))
}

// Two entries that differ in blanks do not look the same.
func TestShownKeepsBlanks(t *testing.T) {
	require.Equal(t, `{"model":"x  y"}`, shown(`{"model":"x  y"}`))
	require.Equal(t, `a b`, shown("a\nb"))
}
