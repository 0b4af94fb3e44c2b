package server

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
)

// BenchmarkRun is one workflow with one activity from start to result, every commit on disk.
func BenchmarkRun(b *testing.B) {
	s, err := Start(b.Context(), Options{StateDir: b.TempDir(), IP: loopback, Namespace: client.DefaultNamespace, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer s.Stop()
	c, err := client.Dial(client.Options{HostPort: s.HostPort(), Logger: quiet{}})
	require.NoError(b, err)
	defer c.Close()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflow(greet)
	w.RegisterActivity(hello)
	require.NoError(b, w.Start())
	defer w.Stop()
	n := 0
	for b.Loop() {
		n++
		run, err := c.ExecuteWorkflow(b.Context(), client.StartWorkflowOptions{ID: fmt.Sprintf("run-%d", n), TaskQueue: queue}, greet, "ada")
		require.NoError(b, err)
		require.NoError(b, run.Get(b.Context(), nil))
	}
}
