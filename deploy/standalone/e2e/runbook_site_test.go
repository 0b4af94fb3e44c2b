//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/deploy/demo/load"
	"github.com/evenkeel/evenkeel/deploy/demo/stack"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// The model server that these tests kill, and the run that mends it.
const (
	illModel   = "llama3_8b"
	illService = "model-llama"
	runbookRun = "runbook/demo/" + stack.Project + "/llm_failure_response/" + illModel
)

// runbookSite is a site with Prometheus beside it and some requests, without which there is no p95.
type runbookSite struct {
	*site
	run       string // id of the workflow that is looked at
	container string
	// startsFile is where starts of containers are written down.
	startsFile string
}

func newRunbookSite(t *testing.T) *runbookSite {
	t.Helper()
	return onSite(newSite(t))
}

func onSite(s *site) *runbookSite {
	t := s.t
	t.Helper()
	s.startPrometheus()
	requests := load.Start(s.ctx, load.Options{URL: s.URL() + "/generate?mode=creative", Rate: 5, Concurrency: 64, Timeout: time.Minute})
	t.Cleanup(func() { requests.Stop() })
	r := &runbookSite{site: s, run: runbookRun}
	r.container = r.containerOf(illService)
	r.watchStarts()
	return r
}

// containerOf is the one container of a service.
func (s *runbookSite) containerOf(service string) string {
	s.t.Helper()
	id := strings.TrimSpace(s.docker("ps", "-q", "--no-trunc", "--filter", "label=com.docker.compose.project="+stack.Project,
		"--filter", "label=com.docker.compose.service="+service))
	require.NotEmpty(s.t, id)
	return id
}

func (s *runbookSite) docker(args ...string) string {
	s.t.Helper()
	out, err := s.Docker(s.ctx, args...)
	require.NoError(s.t, err)
	return out
}

// kill ends the model's server as a crash would.
func (s *runbookSite) kill() {
	s.t.Helper()
	s.docker("kill", s.container)
}

// watchStarts writes down every start of a container of the product until the test ends. The engine itself remembers
// 256 events, which health checks alone fill in half a minute.
func (s *runbookSite) watchStarts() {
	s.t.Helper()
	s.startsFile = filepath.Join(s.t.TempDir(), "starts")
	file, err := os.Create(s.startsFile)
	require.NoError(s.t, err)
	defer file.Close()
	watch := exec.Command("docker", "events", "--filter", "event=start", "--filter", "label=com.docker.compose.project="+stack.Project,
		"--format", "{{.ID}} {{.TimeNano}}")
	watch.Stdout = file
	require.NoError(s.t, watch.Start())
	s.t.Cleanup(func() {
		_ = watch.Process.Kill()
		_ = watch.Wait()
	})
}

// starts counts how often the server that is looked at was started since then.
func (s *runbookSite) starts(since time.Time) int {
	s.t.Helper()
	text, err := os.ReadFile(s.startsFile)
	require.NoError(s.t, err)
	count := 0
	for line := range strings.Lines(string(text)) {
		id, nano, _ := strings.Cut(strings.TrimSpace(line), " ")
		at, err := strconv.ParseInt(nano, 10, 64)
		if err == nil && id == s.container && !time.Unix(0, at).Before(since) {
			count++
		}
	}
	return count
}

func (s *runbookSite) serverRuns() bool {
	s.t.Helper()
	return strings.TrimSpace(s.docker("inspect", "-f", "{{.State.Running}}", s.container)) == "true"
}

// begin starts the runbook and does not follow it. Cooldown and breaker are for people, not for a test
// that breaks the same thing again and again.
func (s *runbookSite) begin() {
	s.t.Helper()
	_, err := s.Starter(s.ctx, "runbook", "run", "llm_failure_response", "-p", "model="+illModel, "-p", "service="+illService,
		"--override", "--reason", "an end-to-end test", "--no-wait")
	require.NoError(s.t, err)
}

// status asks the run how far it is, until some worker answers.
func (s *runbookSite) status() workflows.RunbookStatus {
	s.t.Helper()
	var status workflows.RunbookStatus
	s.eventually("the run's status", func(ctx context.Context) bool {
		value, err := s.client.QueryWorkflow(ctx, s.run, "", workflows.StatusRunbook)
		return err == nil && value.Get(&status) == nil
	})
	return status
}

// limit is ten times what a run takes whose p95 must first forget two bad minutes.
const limit = 20 * time.Minute

// eventually polls until done says so.
func (s *runbookSite) eventually(what string, done func(context.Context) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	for !done(ctx) {
		require.NoError(s.t, ctx.Err(), "%s did not come", what)
		time.Sleep(20 * time.Millisecond)
	}
}

// awaitEnded waits until a step has ended, awaitAt until it is at work in one of the phases.
func (s *runbookSite) awaitEnded(path string) {
	s.t.Helper()
	s.eventually("the end of "+path, func(context.Context) bool {
		for _, st := range s.status().Steps {
			if st.Path == path && st.Outcome != "" {
				return true
			}
		}
		return false
	})
}

func (s *runbookSite) awaitAt(path string, phases ...runbook.Phase) {
	s.t.Helper()
	s.eventually(fmt.Sprintf("%s %v", path, phases), func(context.Context) bool {
		status := s.status()
		for _, phase := range phases {
			if status.At == path && status.Phase == phase {
				return true
			}
		}
		return false
	})
}

// request waits for one of a kind.
func (s *runbookSite) request(kind request.Kind) request.Request {
	s.t.Helper()
	var open request.Request
	s.eventually("a request of kind "+string(kind), func(context.Context) bool {
		q := s.status().Request
		if q != nil {
			open = *q
		}
		return q != nil && q.Kind == kind
	})
	return open
}

func (s *runbookSite) approve() {
	s.t.Helper()
	id := s.request(request.Approval).ID
	_, err := s.Starter(s.ctx, "gate", "approve", id)
	require.NoError(s.t, err)
}

// end waits for the end of the run.
func (s *runbookSite) end() workflows.RunbookResult {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, limit)
	defer cancel()
	var result workflows.RunbookResult
	err := s.client.GetWorkflow(ctx, s.run, "").Get(ctx, &result)
	require.NoError(s.t, ctx.Err(), "the run did not end")
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		require.NoError(s.t, app.Details(&result))
	} else {
		require.NoError(s.t, err)
	}
	return result
}

// notNeeded says whether a runbook finds nothing to do.
func (s *runbookSite) notNeeded(name string, inputs ...string) bool {
	s.t.Helper()
	args := []string{"runbook", "plan", name, "-o", "json"}
	for _, input := range inputs {
		args = append(args, "-p", input)
	}
	out, err := s.Starter(s.ctx, args...) // a plan that is refused, or within a cooldown, ends with 1 and is printed all the same
	var plan activities.RunbookPlan
	require.NoError(s.t, json.Unmarshal([]byte(out), &plan), "%v", err)
	return len(plan.Refusals) == 0 && plan.NotNeeded
}

// requireMended says that the model serves again and that nothing is left of the emergency.
func (s *runbookSite) requireMended() {
	s.t.Helper()
	require.True(s.t, s.serverRuns())
	require.True(s.t, s.notNeeded("llm_failure_response", "model="+illModel, "service="+illService))
	shifts := s.adminGet("/admin/downshift/stats")
	require.Empty(s.t, shifts["active"])
	health := s.adminGet("/health/llm")
	require.Contains(s.t, fmt.Sprint(health), "breaker:closed")
	require.NotContains(s.t, fmt.Sprint(health), "breaker:open")
}

// admin asks the product's API through nginx, adminGet without a body.
func (s *runbookSite) admin(method, path, body string) condition.Values {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.ctx, method, s.URL()+path, strings.NewReader(body))
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer demo-token-of-this-machine")
	client := http.Client{Timeout: 10 * time.Second}
	response, err := client.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	var values condition.Values
	require.NoError(s.t, json.NewDecoder(response.Body).Decode(&values))
	return values
}

func (s *runbookSite) adminGet(path string) condition.Values {
	s.t.Helper()
	return s.admin(http.MethodGet, path, "")
}

func (s *runbookSite) requireLedgerWhole() {
	s.t.Helper()
	out, err := s.Starter(s.ctx, "audit", "verify")
	require.NoError(s.t, err, "%s", out)
}
