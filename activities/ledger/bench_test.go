package ledger

import (
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/ledger"
)

// BenchmarkAppend also measures a plain INSERT of the same text with the same fsync, which is what a
// table without a chain and without an anchor costs on this disk. They take turns, so that what else
// the disk does hits both.
func BenchmarkAppend(b *testing.B) {
	store, err := Open(b.Context(), Options{StateDir: b.TempDir()})
	require.NoError(b, err)
	defer store.Close()
	plain, err := sqliteFile(filepath.Join(b.TempDir(), "plain.db"), "_txlock=immediate&_pragma=journal_mode=wal&_pragma=synchronous=full")
	require.NoError(b, err)
	defer plain.Close()
	plain.SetMaxOpenConns(1)
	_, err = plain.Exec("CREATE TABLE entry (key TEXT NOT NULL UNIQUE, data TEXT NOT NULL)")
	require.NoError(b, err)

	var appending, inserting time.Duration
	n := 0
	for b.Loop() {
		d := note(fmt.Sprint("k", n))
		began := time.Now()
		_, err := store.Append(b.Context(), d)
		appending += time.Since(began)
		require.NoError(b, err)
		began = time.Now()
		_, err = plain.Exec("INSERT INTO entry VALUES ($1, $2)", d.Key, d.Data)
		inserting += time.Since(began)
		require.NoError(b, err)
		n++
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(n)/appending.Seconds(), "appends/s")
	b.ReportMetric(float64(n)/inserting.Seconds(), "inserts/s")
	b.ReportMetric(appending.Seconds()/inserting.Seconds(), "times-a-plain-insert")
}

// BenchmarkAppendTogether has eight goroutines, whose entries share the anchor's fsync where they can.
func BenchmarkAppendTogether(b *testing.B) {
	store, err := Open(b.Context(), Options{StateDir: b.TempDir()})
	require.NoError(b, err)
	defer store.Close()
	b.SetParallelism(8)
	var n atomic.Int64
	began := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := store.Append(b.Context(), note(fmt.Sprint("k", n.Add(1)))); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "appends/s")
}

// BenchmarkVerify verifies 100,000 entries. They are written without the store's fsyncs.
func BenchmarkVerify(b *testing.B) {
	const entries = 100_000
	store, err := Open(b.Context(), Options{StateDir: b.TempDir()})
	require.NoError(b, err)
	defer store.Close()
	tx, err := store.writes.Begin()
	require.NoError(b, err)
	head := ledger.Beginning()
	for i := range entries {
		e := note(fmt.Sprint("k", i)).Seal(head)
		require.NoError(b, insert(b.Context(), tx, e))
		head = e.Head()
	}
	require.NoError(b, tx.Commit())
	for b.Loop() {
		report, err := store.Verify(b.Context())
		require.NoError(b, err)
		require.True(b, report.Clean)
		require.Equal(b, int64(entries), report.Entries)
	}
}
