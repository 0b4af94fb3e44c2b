//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"

	"github.com/evenkeel/evenkeel/deploy/demo/stack"
)

// rounds is odd, so that the median is one of the measured values.
const rounds = 7

// TestBench prints the figures of docs/benchmarks.md. It asserts none of them.
func TestBench(t *testing.T) {
	if os.Getenv("EVENKEEL_BENCH") == "" {
		t.Skip("make bench runs it")
	}
	s := newSite(t, "WARM_UP=0") // the product's own time would only hide the tools'
	s.scale("app=2")             // from here on nginx's upstream is managed
	s.scale("app=1")
	s.benchScale()
	s.benchPlan()
	s.benchHistory()
	s.benchWorker()
	s.benchStandalone()
}

// benchScale times 1 → 4 → 1 by evenkeel, by Compose and by the engine's bare calls, in turns, to the same two
// moments: all four replicas say that they are ready, and one replica is left.
func (s *site) benchScale() {
	tools := map[string]func(n int){
		"starter scale": func(n int) { s.scale(target(n)) },
		"docker compose up --scale": func(n int) {
			_, err := s.Compose(s.ctx, "up", "-d", "--no-recreate", "--no-deps", "--scale", target(n), "app")
			require.NoError(s.t, err)
		},
		"bare API": s.bare,
	}
	names := []string{"starter scale", "docker compose up --scale", "bare API"}
	ready, whole, down := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for round := range rounds {
		if round%2 == 1 {
			slices.Reverse(names)
		}
		for _, name := range names {
			began := time.Now()
			done := make(chan struct{})
			go func() { tools[name](4); close(done) }()
			s.awaitReady(4)
			ready[name] = append(ready[name], time.Since(began).Seconds())
			<-done
			whole[name] = append(whole[name], time.Since(began).Seconds())
			began = time.Now()
			tools[name](1)
			s.awaitReady(1)
			down[name] = append(down[name], time.Since(began).Seconds())
		}
	}
	for _, row := range []struct {
		what    string
		figures map[string][]float64
	}{{"1 → 4, until all four are ready", ready}, {"1 → 4, until the command returns", whole}, {"4 → 1, until the command returns", down}} {
		ours, theirs := row.figures["starter scale"], row.figures["docker compose up --scale"]
		floor := row.figures["bare API"]
		s.t.Logf("%-34s starter %s s, compose %s s, bare API %s s, ratio to compose %s (bare API to compose %s)", row.what,
			spread(ours), spread(theirs), spread(floor), spread(ratios(ours, theirs)), spread(ratios(floor, theirs)))
	}
}

// awaitReady waits until exactly n replicas of the app exist and each says that it is ready.
func (s *site) awaitReady(n int) {
	client := http.Client{Timeout: time.Second}
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		out, err := s.Docker(s.ctx, "ps", "-q", "--filter", "label=com.docker.compose.project="+stack.Project, "--filter", "label=com.docker.compose.service=app")
		require.NoError(s.t, err)
		ids := strings.Fields(out)
		if len(ids) != n {
			continue
		}
		out, err = s.Docker(s.ctx, append([]string{"inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"}, ids...)...)
		if err != nil {
			continue // one is just going
		}
		ready := 0
		for address := range strings.FieldsSeq(out) {
			if response, err := client.Get("http://" + address + "/ready"); err == nil {
				response.Body.Close()
				if response.StatusCode == http.StatusOK {
					ready++
				}
			}
		}
		if ready == n {
			return
		}
	}
	require.Fail(s.t, "not ready", "%d replicas", n)
}

// benchPlan times a plan from the command line, by a worker that has just started and by one that knows the files,
// against the dry run that a person would make with Compose.
func (s *site) benchPlan() {
	var cold, warm, theirs []float64
	plan := func() float64 {
		began := time.Now()
		s.scale(target(4), "--dry-run")
		return time.Since(began).Seconds()
	}
	for range rounds {
		s.killWorker()
		cold = append(cold, plan())
		warm = append(warm, plan())
		began := time.Now()
		_, err := s.Compose(s.ctx, "up", "-d", "--dry-run", "--no-recreate", "--no-deps", "--scale", target(4), "app")
		require.NoError(s.t, err)
		theirs = append(theirs, time.Since(began).Seconds())
	}
	s.t.Logf("plan: cold %s s, warm %s s, compose --dry-run %s s, ratio warm %s", spread(cold), spread(warm), spread(theirs), spread(ratios(warm, theirs)))
}

// ratios are ours to theirs, round by round.
func ratios(ours, theirs []float64) []float64 {
	out := make([]float64, len(ours))
	for i := range ours {
		out[i] = ours[i] / theirs[i]
	}
	return out
}

func (s *site) benchHistory() {
	for _, n := range []int{4, 1} {
		s.scale(target(n))
		events, bytes := 0, 0
		history := s.client.GetWorkflowHistory(s.ctx, scaleID, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for history.HasNext() {
			event, err := history.Next()
			require.NoError(s.t, err)
			events++
			bytes += event.Size()
		}
		s.t.Logf("history of a scale to %d: %d events, %d bytes", n, events, bytes)
	}
}

func (s *site) benchWorker() {
	var starts []float64
	for range rounds {
		s.worker.Kill()
		began := time.Now()
		s.startWorker()
		starts = append(starts, time.Since(began).Seconds())
	}
	s.t.Logf("worker, start to polling: %s s (readiness is asked every 0.1 s)", spread(starts))
	s.benchIdle("worker", s.worker)
}

func (s *site) benchStandalone() {
	s.worker.Kill()
	s.server.Stop()
	dir := s.t.TempDir()
	s.Env = append(s.Env, "EVENKEEL_STATE="+dir)
	address := freeAddress(s.t)
	start := func() (*stack.Program, float64) {
		began := time.Now()
		program, err := s.Start(context.Background(), "http://"+address+"/readyz", "evenkeel", "--port", "0", "--ui-port", "0", "--http", address)
		require.NoError(s.t, err)
		return program, time.Since(began).Seconds()
	}
	var starts []float64
	var evenkeel *stack.Program
	for range rounds {
		if evenkeel != nil {
			require.NoError(s.t, evenkeel.Stop(time.Minute))
		}
		var took float64
		evenkeel, took = start()
		starts = append(starts, took)
	}
	s.t.Logf("evenkeel, start to polling: %s s, the first on an empty state directory", spread(starts))
	s.benchIdle("evenkeel", evenkeel)
	require.NoError(s.t, evenkeel.Stop(time.Minute))
	for _, name := range []string{"worker", "starter", "evenkeel"} {
		info, err := os.Stat(s.Bin(name))
		require.NoError(s.t, err)
		s.t.Logf("bin/%s: %.1f MB", name, float64(info.Size())/1e6)
	}
}

// benchIdle reads what a process uses while nothing is asked of it, over a minute.
func (s *site) benchIdle(name string, p *stack.Program) {
	time.Sleep(10 * time.Second)
	before := cpuSeconds(s.t, p.PID())
	time.Sleep(time.Minute)
	used := cpuSeconds(s.t, p.PID()) - before
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), "status"))
	require.NoError(s.t, err)
	var rss string
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			rss = strings.TrimSpace(kb)
		}
	}
	s.t.Logf("%s, idle for a minute: %.2f %% of one CPU, RSS %s", name, used/60*100, rss)
}

// cpuSeconds is user and system time of a process, from /proc in ticks of 10 ms.
func cpuSeconds(t *testing.T, pid int) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	fields := strings.Fields(string(text[strings.LastIndex(string(text), ")")+2:]))
	user, err := strconv.ParseFloat(fields[11], 64)
	require.NoError(t, err)
	system, err := strconv.ParseFloat(fields[12], 64)
	require.NoError(t, err)
	return (user + system) / 100
}

// spread is the median with minimum and maximum.
func spread(values []float64) string {
	sorted := slices.Sorted(slices.Values(values))
	return fmt.Sprintf("%.2f [%.2f–%.2f]", sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1])
}
