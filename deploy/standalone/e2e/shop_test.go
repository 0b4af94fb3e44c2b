//go:build e2e

package e2e

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/workflows"
)

// TestShop scales the services of a project that was not made for evenkeel, with the configuration that
// `starter init` writes and no editing in between but for a runbook of its own. Each part is a kind of project file.
func TestShop(t *testing.T) {
	s := newShop(t)
	s.up("web", "nginx", "queue", "owner", "follower", "ill", "db", "openWebUI", "traefik", "api")
	out := s.starter(0, "init")
	require.Contains(t, out, s.project)
	s.installRestart()
	s.begin()
	s.sub("a service on two networks, of which the router is on one", s.twoNetworks)
	s.sub("configs, secrets and hooks of Compose's own making", s.filesAndHooks)
	s.sub("a drain ends with nginx's old processes", s.drainEnds)
	s.sub("a restart under load, one by one", s.restartUnderLoad)
	s.sub("the file is edited", s.fileEdited)
	s.sub("a stopped replica that only a person's shell can make", s.stoppedReplica)
	s.sub("namespaces of another service", s.references)
	s.sub("it dies after two seconds", s.diesSoon)
	s.sub("what can never start fails at once", s.neverStarts)
	s.sub("all replicas are unhealthy", s.allUnhealthy)
	s.sub("a network is edited before the first replica", s.networkEdited)
	s.sub("what only one can have", s.onlyOne)
	s.sub("names as Compose allows them", s.names)
	s.sub("what cannot be, and says why", s.cannotBe)
	s.sub("replicas of two definitions", s.mixedDefinitions)
	s.sub("a paused replica and a tag that has moved", s.pausedAndMoved)
	s.sub("a person's docker compose up in mid-run", s.personInMidRun)
	s.sub("the router is down", s.routerDown)
	s.sub("a second project with a service of the same name", s.secondProject)
}

// twoNetworks takes web to three replicas: the router gets the addresses that it can reach, and no others.
func (s *shop) twoNetworks() {
	requests := s.requests()
	s.starter(0, "scale", "web=3")
	s.starter(0, "scale", "web=3") // nothing to do must not break what works
	s.requireRunning("web", 3)
	subnet, err := s.Docker(s.ctx, "network", "inspect", s.project+"_frontend", "--format", "{{range .IPAM.Config}}{{.Subnet}}{{end}}")
	require.NoError(s.t, err)
	_, frontend, err := net.ParseCIDR(strings.TrimSpace(subnet))
	require.NoError(s.t, err)
	members := s.members("web")
	require.Len(s.t, members, 3)
	for _, member := range members {
		host, _, err := net.SplitHostPort(member)
		require.NoError(s.t, err)
		require.True(s.t, frontend.Contains(net.ParseIP(host)), "%s is not on the router's network %s", member, frontend)
	}
	s.requireNoneFailed(requests)
}

// filesAndHooks looks into the copies that twoNetworks made.
func (s *shop) filesAndHooks() {
	began := time.Now()
	s.starter(0, "scale", "web=4")
	require.Equal(s.t, 1, s.hooksRun("web", began), "the new replica's post_start")
	for _, path := range []string{"/etc/motd", "/run/secrets/token"} {
		first := s.file(s.project+"-web-1", path)
		require.Equal(s.t, first, s.file(s.project+"-web-4", path), path)
	}
	require.Contains(s.t, s.file(s.project+"-web-4", "/run/secrets/token"), "token-of-the-shop")
	dry, err := s.in([]string{"DBPASS=only-in-a-shell"}, "docker", "compose", "--progress", "plain", "up", "--dry-run", "-d", "--no-deps", "--scale", "web=4", "web")
	require.NoError(s.t, err, "%s", dry)
	require.NotContains(s.t, dry, "Recreate", "Compose takes the copies for its own")
	history, err := s.in(nil, s.Bin("starter"), "scale", "web=4", "--dry-run", "-o", "json")
	require.NoError(s.t, err)
	require.NotContains(s.t, history, "token-of-the-shop")
}

// drainEnds: nothing counts the work of web, and its policy's drain time is a minute.
func (s *shop) drainEnds() {
	requests := s.requests()
	began := time.Now()
	out := s.starter(0, "scale", "web=2")
	require.Less(s.t, time.Since(began), 45*time.Second)
	require.Contains(s.t, out, "work that did not come through nginx is not waited for")
	s.requireRunning("web", 2)
	s.requireNoneFailed(requests)
}

func (s *shop) restartUnderLoad() {
	requests := s.requests()
	host := s.host()
	before := s.containers("web", "{{.ID}}")
	service := workflows.ServiceID(host, s.project, "web")
	run, err := s.client.ExecuteWorkflow(s.ctx, client.StartWorkflowOptions{ID: service, TaskQueue: workflows.TaskQueue}, workflows.RestartService,
		workflows.RestartRequest{Host: host, Project: s.project, Service: "web", By: "test"})
	require.NoError(s.t, err)
	require.ErrorContains(s.t, run.Get(s.ctx, nil), "nobody is proven to have asked for it", "a restart is destructive")

	s.starter(0, "runbook", "run", "restart_web", "--no-wait")
	id := runbook.Subject(host, s.project, "restart_web", "")
	require.Eventually(s.t, func() bool {
		_, err := s.in(nil, s.Bin("starter"), "gate", "approve", id+":agree.1")
		return err == nil // else it has not asked yet
	}, time.Minute, 100*time.Millisecond)
	require.Eventually(s.t, func() bool {
		seen, err := s.client.DescribeWorkflowExecution(s.ctx, service, "")
		return err == nil && seen.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	}, time.Minute, 20*time.Millisecond)
	require.Contains(s.t, s.starter(1, "scale", "web=3"), "is at work", "one change of a service at a time")
	var result workflows.RunbookResult
	require.NoError(s.t, s.client.GetWorkflow(s.ctx, id, "").Get(s.ctx, &result))
	require.Equal(s.t, runbook.Succeeded, result.Outcome)
	require.Equal(s.t, before, s.containers("web", "{{.ID}}"), "the same containers")
	s.requireNoneFailed(requests)
}

// installRestart adds a runbook to the shop's configuration that restarts web.
func (s *shop) installRestart() {
	s.t.Helper()
	require.NoError(s.t, os.Mkdir(filepath.Join(s.dir, "templates"), 0o755))
	s.write("templates/restart_web.yaml", restartWeb)
	text, err := os.ReadFile(filepath.Join(s.dir, "evenkeel.yaml"))
	require.NoError(s.t, err)
	s.write("evenkeel.yaml", string(text)+"templates_dir: templates\n")
}

const restartWeb = `apiVersion: evenkeel/v1
kind: Runbook
metadata:
  name: restart_web
  description: Restarts web once somebody agrees.
  owner: shop
  severity: Sev3
  review_by: 2099-01-01
steps:
  - id: agree
    kind: gate
    approves: [restart]
    groups: [oncall]
    timeout: 10m
    message: "Restart web?"
  - id: restart
    kind: action
    title: Restart web
    uses: service.restart
    with: {service: web}
    risk: destructive
    idempotent: false
    timeout: 10m
`

// host is the name that init gave this machine.
func (s *shop) host() string {
	name, err := os.Hostname()
	require.NoError(s.t, err)
	short, _, _ := strings.Cut(strings.ToLower(name), ".")
	return short
}

// fileEdited: the copy would be out of date, and no advice may cost a replica or a request.
func (s *shop) fileEdited() {
	s.write("compose.override.yaml", "services: {web: {environment: {SLOW_START: \"yes\"}, labels: {team: shop}}}\n")
	defer s.restore("compose.override.yaml")
	out := s.starter(1, "scale", "web=3")
	require.Contains(s.t, out, "environment SLOW_START")
	require.Contains(s.t, out, "would now replace every replica (2) at once")
	s.requireRunning("web", 2)
	s.starter(0, "scale", "web=1") // fewer of what there is needs no new definition
	s.requireRunning("web", 1)
}

func (s *shop) restore(file string) {
	text, err := os.ReadFile(filepath.Join("testdata/shop", file))
	require.NoError(s.t, err)
	s.write(file, string(text))
}

// stoppedReplica: DBPASS was in the shell that brought queue up, and is not in the worker's environment.
func (s *shop) stoppedReplica() {
	before := s.containers("queue", "{{.ID}}")
	require.Contains(s.t, s.starter(1, "scale", "queue=2"), "environment DBPASS, and DBPASS is not set for the worker", "the true reason")
	s.person("stop", "queue", "openWebUI")
	out := s.starter(1, "scale", "queue=1")
	require.Contains(s.t, out, "DBPASS")
	require.Equal(s.t, before, s.containers("queue", "{{.ID}}"), "the good one is not thrown away")

	before = s.containers("openWebUI", "{{.ID}}")
	s.starter(0, "scale", "openWebUI=1")
	require.Equal(s.t, before, s.containers("openWebUI", "{{.ID}}"), "the stopped one is started")
	s.requireRunning("openWebUI", 1)
}

func (s *shop) references() {
	s.starter(0, "scale", "follower=2")
	s.requireRunning("follower", 2)
}

// diesSoon: the engine restarts it for ever, and its log goes with it.
func (s *shop) diesSoon() {
	out := s.starter(4, "scale", "crashing=1")
	require.Contains(s.t, out, "exited with code 1")
	require.Contains(s.t, out, "serving", "the end of its log")
	require.Empty(s.t, s.containers("crashing", ""))
	list := s.starter(0, "audit", "list")
	require.Contains(s.t, list, "service.finished")
}

func (s *shop) neverStarts() {
	began := time.Now()
	out := s.starter(4, "scale", "starved=1")
	require.Less(s.t, time.Since(began), time.Minute)
	require.Contains(s.t, strings.ToLower(out), "minimum memory limit")
}

// allUnhealthy takes away one of two that are both unhealthy: that is not the change's doing.
func (s *shop) allUnhealthy() {
	s.starter(0, "scale", "ill=2")
	s.write("faults/ill.json", `{"kind":"unhealthy"}`)
	for _, line := range s.containers("ill", "") {
		_, err := s.Docker(s.ctx, "restart", strings.TrimSpace(line))
		require.NoError(s.t, err)
	}
	require.Eventually(s.t, func() bool {
		return strings.Count(strings.Join(s.containers("ill", "{{.Status}}"), " "), "(unhealthy)") == 2
	}, 5*time.Minute, 100*time.Millisecond)
	out := s.starter(0, "scale", "ill=1")
	require.Contains(s.t, out, "2 of 2 are unhealthy")
	require.Len(s.t, s.containers("ill", ""), 1)
}

// networkEdited: Compose would stop every replica of every service on the network to make it anew.
func (s *shop) networkEdited() {
	before := s.containers("web", "{{.ID}}")
	s.write("compose.override.yaml", "networks: {default: {labels: {edited: \"yes\"}}}\nservices: {web: {environment: {SLOW_START: \"no\"}, labels: {team: shop}}}\n")
	defer s.restore("compose.override.yaml")
	s.person("rm", "-sf", "openWebUI")
	out := s.starter(1, "scale", "openWebUI=1")
	require.Contains(s.t, out, "network "+s.project+"_default")
	require.Equal(s.t, before, s.containers("web", "{{.ID}}"))
	s.requireRunning("web", 1)
}

// onlyOne asks for several of what there can be only one, and for what cannot be promised.
func (s *shop) onlyOne() {
	for _, c := range []struct {
		target string
		code   int
		says   string
	}{
		{"db=2", 1, "because it is postgres, by its image"},
		{"hosted=2", 1, "host"},
		{"nginx=2", 1, "because it is the router"},
		{"api=2", 0, "traefik"},
	} {
		require.Contains(s.t, s.starter(c.code, "scale", c.target, "--dry-run"), c.says, c.target)
	}
}

func (s *shop) names() {
	s.starter(0, "scale", "openWebUI=2")
	s.requireRunning("openWebUI", 2)
	s.starter(0, "scale", "_worker=1")
	s.requireRunning("_worker", 1)
	require.Contains(s.t, s.starter(0, "status"), "service/"+s.host()+"/"+s.project+"/_worker")
}

// routerDown: a stopped router is in the plan, and nothing is touched.
func (s *shop) routerDown() {
	s.person("stop", "nginx")
	require.Contains(s.t, s.starter(1, "scale", "web=2"), "nginx")
	s.requireRunning("web", 1)
	s.person("start", "nginx")
	s.starter(0, "scale", "web=2")
}

// secondProject puts another project beside the shop: services of one name are different services.
func (s *shop) secondProject() {
	annex := &shop{Stack: s.Stack, t: s.t, ctx: s.ctx, dir: s.t.TempDir(), project: "evenkeel-annex"}
	defer annex.removeAll()
	annex.write("compose.yaml", "name: evenkeel-annex\nservices:\n  web:\n    image: evenkeel-demo/product:local\n    pull_policy: never\n"+
		"    command: [app]\n    environment: {PORT: \"8000\"}\n    expose: [\"8000\"]\n    healthcheck: {test: [CMD, /product, health], interval: 1s}\n")
	annex.person("up", "-d")
	require.NoError(s.t, s.evenkeel.Stop(time.Minute))
	require.NoError(s.t, os.Remove(filepath.Join(s.dir, "evenkeel.yaml")))
	s.starter(0, "init", "--project", s.project, "--project", annex.project)
	s.begin()
	require.Contains(s.t, s.starter(2, "scale", "web=2"), "evenkeel-annex/web")
	s.starter(0, "scale", "evenkeel-annex/web=2")
	annex.requireRunning("web", 2)
	s.requireRunning("web", 2)
	s.starter(0, "--project", "evenkeel-annex", "scale", "web=1")
	annex.requireRunning("web", 1)
	list := s.starter(0, "service", "list")
	require.Contains(s.t, list, "evenkeel-annex-web-1")
	require.Contains(s.t, list, s.project+"-web-1")
	require.Contains(s.t, s.starter(0, "status"), "service/"+s.host()+"/evenkeel-annex/web")
}
