package server

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/starter/cli"
)

const (
	stateVariable   = "EVENKEEL_TEST_SERVER"
	starterVariable = "EVENKEEL_TEST_STARTER"
)

// TestMain is also the program that TestAKilledServerGoesOn kills, and the starter that TestTwoUsersOfOneMachine runs.
func TestMain(m *testing.M) {
	if os.Getenv(starterVariable) != "" {
		os.Exit(cli.Execute(context.Background(), cli.Streams{Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
	}
	dir := os.Getenv(stateVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := Start(context.Background(), Options{StateDir: dir, IP: loopback, Namespace: client.DefaultNamespace, Logger: slog.Default()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(s.HostPort())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone
}

func TestAKilledServerGoesOn(t *testing.T) {
	ctx, dir := deadline(t), t.TempDir()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), stateVariable+"="+dir)
	child.Stderr = t.Output()
	_, err := child.StdinPipe()
	require.NoError(t, err)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)

	c, err := client.Dial(client.Options{HostPort: strings.TrimSpace(address), Logger: quiet{}})
	require.NoError(t, err)
	w := work(t, c)
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "waiting", TaskQueue: queue}, sleep, 3*time.Second)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return timerStarted(ctx, t, c, run) }, waitFor, tick)
	require.NoError(t, child.Process.Kill())
	require.ErrorContains(t, child.Wait(), "killed")
	w.Stop()
	c.Close()

	_, c = start(t, dir)
	defer work(t, c).Stop()
	require.NoError(t, c.GetWorkflow(ctx, "waiting", run.GetRunID()).Get(ctx, nil))
}
