//go:build e2e

package e2e

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/workflows"
)

func target(n int) string { return "app=" + strconv.Itoa(n) }

// consumers scales a queue consumer: it is told to drain and no router is touched.
func (s *site) consumers() {
	s.scale("app=2", "worker-llm=2") // one plan, two runs at once
	s.requireReplicas(2)
	out := s.scale("worker-llm=1", "app=1", "-o", "json")
	s.requireReplicas(1)
	var answer struct {
		Results []workflows.ServiceResult `json:"results"`
	}
	require.NoError(s.t, json.Unmarshal([]byte(out), &answer))
	require.Len(s.t, answer.Results, 2)
	require.Equal(s.t, workflows.Scaled, answer.Results[0].Outcome)
	require.Empty(s.t, answer.Results[0].Warnings, "it finished its tasks in time")
	var phases []string
	for _, p := range answer.Results[0].Phases {
		phases = append(phases, p.Name)
	}
	require.Equal(s.t, []string{"preflight", "drain", "stop", "verify", "remove"}, phases)
}

// commands tries what a new user would type.
func (s *site) commands() {
	s.startPrometheus() // doctor finds no fault then
	for _, c := range []struct {
		args []string
		want string
		code string
	}{
		{[]string{"scale", "app=3", "--dry-run"}, "app 1 → 3: start #2 #3", ""},
		{[]string{"scale", "app=99", "redis=2"}, "[REFUSED]", "exit status 1"},
		{[]string{"service", "list"}, "evenkeel-demo-app-1", ""},
		{[]string{"service", "stats"}, "evenkeel-demo-worker-llm-1", ""},
		{[]string{"status"}, "service/demo/evenkeel-demo/app", ""},
		{[]string{"doctor", "-o", "json"}, `"Docker engine"`, ""},
		{[]string{"backup", filepath.Join(s.Dir, "backup.tar.gz")}, "backup.tar.gz", ""},
	} {
		out, err := s.Starter(s.ctx, c.args...)
		if c.code == "" {
			require.NoError(s.t, err, "%s", out)
		} else {
			require.ErrorContains(s.t, err, c.code)
		}
		require.Contains(s.t, out, c.want, "starter %s", strings.Join(c.args, " "))
	}
}

// webUI opens the run in a browser, as a person would. The browser's clock runs ahead while nothing is drawn, so
// that on a busy machine the page gives up on its server; a person would load it again.
func (s *site) webUI() {
	page := s.page()
	for tries := 1; tries < 10 && !strings.Contains(page, "Completed"); tries++ {
		page = s.page()
	}
	for _, word := range []string{scaleID, "ScaleService", "Completed"} {
		require.Contains(s.t, page, word)
	}
}

// page is the run's page as the browser has drawn it.
func (s *site) page() string {
	return drawn(s.t, s.server.UIURL()+"/namespaces/default/workflows/"+url.PathEscape(scaleID))
}
