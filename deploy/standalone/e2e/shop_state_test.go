//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/workflows"
)

// cannotBe asks for what the file or the engine makes impossible. The services beside, one of which has an env_file
// that is not there, are scaled all the while.
func (s *shop) cannotBe() {
	for target, says := range map[string]string{
		"ranged=4":  "publishes the host ports",
		"outside=1": "docker network create evenkeel-gone",
		"unread=1":  "not-there.env",
		"plugin=1":  "provider",
	} {
		require.Contains(s.t, s.starter(1, "scale", target), says, target)
	}
	began := time.Now()
	out := s.starter(4, "scale", "noentry=1")
	require.Less(s.t, time.Since(began), time.Minute, "it can never start, and is not tried again")
	require.Contains(s.t, out, "/nope")
	require.Empty(s.t, s.containers("noentry", ""), "what was created is gone")

	var plan struct{ Plans []scaling.Plan }
	require.NoError(s.t, json.Unmarshal([]byte(s.starter(0, "scale", "openWebUI=1", "--dry-run", "-o", "json")), &plan))
	require.Equal(s.t, 20, plan.Plans[0].Changes[0].Policy.StopSeconds, "the longer one of stop and stop_grace_period")
}

// mixedDefinitions: a person has made a replica of the present definition beside older ones.
func (s *shop) mixedDefinitions() {
	s.starter(0, "scale", "api=2")
	s.write("compose.override.yaml", "services: {api: {environment: {NEW: \"yes\"}}}\n")
	defer s.restore("compose.override.yaml")
	s.person("up", "-d", "--no-deps", "--no-recreate", "--scale", "api=3", "api")
	s.starter(0, "scale", "api=1")
	require.Equal(s.t, []string{s.project + "-api-3 running"}, s.containers("api", "{{.State}}"), "the outdated ones go first")
}

// pausedAndMoved: what is odd about the replicas that there are is said, and nothing is copied of a paused one.
func (s *shop) pausedAndMoved() {
	s.starter(0, "scale", "openWebUI=2")
	_, err := s.Docker(s.ctx, "pause", s.project+"-openWebUI-1")
	require.NoError(s.t, err)
	require.Contains(s.t, s.starter(0, "scale", "openWebUI=3"), "openWebUI-1 is paused")
	s.starter(0, "scale", "openWebUI=1")
	require.Len(s.t, s.containers("openWebUI", ""), 1)
	s.requireRunning("openWebUI", 1)

	s.person("up", "-d", "--no-deps", "api")
	_, err = s.Docker(s.ctx, "tag", "evenkeel-demo/nginx:local", "evenkeel-shop/app:test")
	require.NoError(s.t, err)
	require.Contains(s.t, s.starter(0, "scale", "api=2"), "the tag evenkeel-shop/app:test names another image now")
	images := s.containers("api", "{{.Image}}")
	require.Len(s.t, images, 2)
	s.requireRunning("api", 2)
}

// personInMidRun: Compose takes the service back to the number in its file while evenkeel waits for new replicas.
func (s *shop) personInMidRun() {
	s.starter(0, "scale", "openWebUI=3", "--no-wait")
	require.Eventually(s.t, func() bool { return len(s.containers("openWebUI", "")) == 3 }, time.Minute, 20*time.Millisecond)
	// Both remove what is too many: the engine refuses the one that comes second, and Compose calls that an error.
	if out, err := s.in(nil, "docker", "compose", "up", "-d", "--no-deps", "openWebUI"); err != nil {
		require.Contains(s.t, out, "is already in progress")
	}
	var result workflows.ServiceResult
	err := s.client.GetWorkflow(s.ctx, workflows.ServiceID(s.host(), s.project, "openWebUI"), "").Get(s.ctx, &result)
	if err != nil {
		var app *temporal.ApplicationError
		require.ErrorAs(s.t, err, &app)
		require.NoError(s.t, app.Details(&result))
	}
	left := len(s.containers("openWebUI", ""))
	if result.Outcome == workflows.Scaled { // the person was late
		require.Equal(s.t, 3, left)
		return
	}
	require.Contains(s.t, result.Reason, "openWebUI", "it says what became of which replica")
	require.Equal(s.t, workflows.RolledBack, result.Outcome)
	require.Equal(s.t, 1, left, "%s", strings.Join(s.containers("openWebUI", ""), " "))
}
