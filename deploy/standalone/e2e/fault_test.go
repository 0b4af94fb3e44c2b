//go:build e2e

package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/workflows"
)

// A new replica that is no good is taken out again, nothing fails meanwhile, and the reason is shown.
func TestReplicaThatIsNoGood(t *testing.T) {
	s := newSite(t, "ON_TERM=exit")
	requests := s.load("mode=fast")
	for name, c := range map[string]struct{ fault, reason string }{
		"never ready":        {`{"kind":"notready"}`, "not ready within 10s: evenkeel-demo-app-2 answers 503"},
		"crashes in warm-up": {`{"kind":"crash","ms":1500}`, "evenkeel-demo-app-2 exited with code 1; its last lines: "},
		"never healthy":      {`{"kind":"unhealthy"}`, "evenkeel-demo-app-2"},
	} {
		s.sub(name, func() {
			s.faultInNewReplicas(c.fault)
			out, err := s.Starter(s.ctx, "scale", "app=2")
			require.ErrorContains(s.t, err, "exit status 4")
			require.Contains(s.t, out, c.reason)
			require.Contains(s.t, out, "put back: evenkeel-demo-app-2 removed")
			s.requireOneAndNoOrphan()
		})
	}
	s.faultInNewReplicas("")
	s.sub("its image disappears", func() { s.imageDisappears() })
	s.sub("the Compose file was edited", func() { s.composeFileEdited() })
	s.sub("all reasons against a change are told at once", func() { s.refusedForAllReasons() })
	s.requireNoneFailed(requests)
}

// faultInNewReplicas makes every replica that starts from now on faulty; "" makes it well.
func (s *site) faultInNewReplicas(fault string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.Dir, "faults", "app.json"), []byte(fault), 0o644))
}

func (s *site) imageDisappears() {
	const image = "evenkeel-demo/product:local"
	_, err := s.Docker(s.ctx, "tag", image, "evenkeel-demo/product:aside")
	require.NoError(s.t, err)
	_, err = s.Docker(s.ctx, "rmi", image)
	require.NoError(s.t, err)
	defer func() {
		_, err := s.Docker(s.ctx, "tag", "evenkeel-demo/product:aside", image)
		require.NoError(s.t, err)
		_, err = s.Docker(s.ctx, "rmi", "evenkeel-demo/product:aside")
		require.NoError(s.t, err)
	}()
	out, err := s.Starter(s.ctx, "scale", "app=2")
	require.ErrorContains(s.t, err, "exit status 1")
	require.Contains(s.t, out, "the engine has no image "+image)
	s.requireOneAndNoOrphan()
}

// composeFileEdited changes what Compose's hash is made of, as an edit of the file does: the
// worker's Compose sees another ON_TERM than the replicas were made with.
func (s *site) composeFileEdited() {
	env := s.Env
	defer func() {
		s.Env = env
		s.killWorker()
	}()
	s.Env = append(append([]string{}, env...), "ON_TERM=drain")
	s.killWorker()
	_, err := s.runWorkflow(2)
	require.ErrorContains(s.t, err, "the definition of app differs from evenkeel-demo-app-1 in environment ON_TERM")
	s.requireOneAndNoOrphan()
}

func (s *site) requireOneAndNoOrphan() {
	s.t.Helper()
	out, err := s.Docker(s.ctx, "ps", "-a", "--filter", "label=com.docker.compose.project="+stack.Project,
		"--filter", "label=com.docker.compose.service=app", "--format", "{{.Names}}")
	require.NoError(s.t, err)
	require.Equal(s.t, "evenkeel-demo-app-1\n", out)
}

// refusedForAllReasons asks for what cannot be, past the command line's own plan.
func (s *site) refusedForAllReasons() {
	result, err := s.runWorkflow(5000)
	require.ErrorContains(s.t, err, "the maximum of the policy app")
	var codes []string
	for _, r := range result.Refusals {
		codes = append(codes, r.Code)
	}
	require.Equal(s.t, []string{scaling.AboveMax, scaling.CPUReservation, scaling.MemoryReservation}, codes)
	require.Equal(s.t, workflows.Refused, result.Outcome)
	s.requireOneAndNoOrphan()
}

// runWorkflow starts the scale of the app without the command line and waits for its end.
func (s *site) runWorkflow(replicas int) (workflows.ServiceResult, error) {
	run, err := s.client.ExecuteWorkflow(s.ctx, client.StartWorkflowOptions{ID: scaleID, TaskQueue: workflows.TaskQueue}, workflows.ScaleService,
		workflows.ScaleRequest{Host: "demo", Project: stack.Project, Service: "app", Replicas: replicas, By: "test"})
	require.NoError(s.t, err)
	var result workflows.ServiceResult
	err = run.Get(s.ctx, &result)
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.HasDetails() {
		require.NoError(s.t, app.Details(&result))
	}
	return result, err
}
