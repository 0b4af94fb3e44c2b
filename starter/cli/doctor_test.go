package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// A check that hangs neither holds up the others nor the doctor, and the order stays.
func TestExamine(t *testing.T) {
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	began := time.Now()
	got := examine(t.Context(), []check{
		{"deaf", func(context.Context) finding { <-hang; return well("") }},
		{"slow", func(ctx context.Context) finding { <-ctx.Done(); return noted(ctx.Err().Error(), "") }},
		{"quick", func(context.Context) finding { return well("fine") }},
	})
	require.Less(t, time.Since(began), 10*checkLimit)
	require.Equal(t, []finding{
		{"deaf", statusMissing, "no answer within 3s", "see whether it hangs"},
		{"slow", statusNote, "time ran out", ""},
		{"quick", statusOK, "fine", ""},
	}, got)
}

func TestPrintFindings(t *testing.T) {
	var out bytes.Buffer
	s := newStarter(Streams{Out: &out})
	require.NoError(t, s.printFindings([]finding{{"a", statusOK, "1", ""}, {"b", statusNote, "two\nlines", "do"}, {"c", statusNotAsked, "x", ""}}))
	require.Equal(t, "CHECK  STATUS     DETAIL     WHAT TO DO\na      ok         1          \nb      note       two lines  do\nc      not asked  x          \n", out.String())

	out.Reset()
	s.output = "json"
	err := s.printFindings([]finding{{"a", statusMissing, "1", "do"}})
	require.Equal(t, answered(exitMissing), err)
	var document struct {
		Healthy bool
		Checks  []map[string]string
	}
	require.NoError(t, json.Unmarshal(out.Bytes(), &document))
	require.False(t, document.Healthy)
	require.Equal(t, []map[string]string{{"check": "a", "status": "missing", "detail": "1", "hint": "do"}}, document.Checks)
}

func TestEngineAddresses(t *testing.T) {
	for host, fault := range map[string]string{
		"":                    "",
		"unix:///run/x.sock":  "",
		"tcp://10.0.0.1:2375": "",
		"ssh://me@gpu1":       "DOCKER_HOST is a ssh address; evenkeel needs unix or tcp",
		"npipe:////./pipe/x":  "DOCKER_HOST is a npipe address; evenkeel needs unix or tcp",
		"tcp://[broken":       `DOCKER_HOST is no address: parse "tcp://[broken": missing ']' in host`,
	} {
		t.Setenv("DOCKER_HOST", host)
		e := newEngine()
		if fault == "" {
			require.NoError(t, e.fault, host)
			continue
		}
		require.EqualError(t, e.fault, fault)
		_, err := e.version(t.Context())
		require.Equal(t, e.fault, err)
	}
	t.Setenv("DOCKER_HOST", "tcp://10.0.0.1:2376")
	t.Setenv("DOCKER_CERT_PATH", t.TempDir())
	require.ErrorIs(t, newEngine().fault, os.ErrNotExist)
}

// Compose v1 can no longer be installed, so its labels come from a recorded answer.
func TestComposeV1(t *testing.T) {
	fakeEngine(t, map[string]string{"/containers/json": `[
		{"Names":["/shop_run_1"],"State":"running","Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"app","com.docker.compose.oneoff":"True","com.docker.compose.version":"1.29.2"}},
		{"Names":["/shop_app_1"],"State":"running","Labels":{"com.docker.compose.project":"shop","com.docker.compose.service":"app","com.docker.compose.version":"1.29.2"}}]`})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte("services: {app: {image: app}}"), 0o600))
	d := &doctor{engine: newEngine(), config: &config.Config{}, host: config.Host{Projects: map[string]config.Project{"shop": {Directory: dir}}}}
	require.Equal(t, lacking("shop_app_1 was made by Compose 1.29.2", "run `docker compose up -d` with Compose 2 or later once"),
		d.projects(t.Context())[0].composeProject(t.Context()))
}

// A name that Compose itself would not give makes a second project beside the real one.
func TestOtherProjectName(t *testing.T) {
	fakeEngine(t, map[string]string{"/containers/json": "[]"})
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "compose.yaml"), []byte("name: store\nservices: {app: {image: app}}"), 0o600))
	d := &doctor{engine: newEngine(), config: &config.Config{Path: "/etc/e.yaml"}, host: config.Host{Projects: map[string]config.Project{"shop": {Directory: dir}}}}
	require.Equal(t, lacking("nothing of shop runs, and Compose calls the project in "+dir+" store", "write store for shop in /etc/e.yaml"),
		d.projects(t.Context())[0].composeProject(t.Context()))
}

func TestPrometheusAnswers(t *testing.T) {
	for code, c := range map[int]struct{ body, status, detail string }{
		200: {`{"status":"success","data":{"version":"3.1.0"}}`, statusOK, "3.1.0 at "},
		404: {"", statusNote, " answers and does not say its version"},
		503: {"", statusMissing, ": HTTP 503 Service Unavailable"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			require.Equal(t, "/prom/api/v1/status/buildinfo", r.URL.Path)
			w.WriteHeader(code)
			_, _ = w.Write([]byte(c.body))
		}))
		d := &doctor{config: &config.Config{Prometheus: config.Prometheus{URL: server.URL + "/prom/"}}}
		got := d.prometheus(t.Context())
		server.Close()
		require.Equal(t, c.status, got.Status)
		require.Contains(t, got.Detail, c.detail)
	}
}

func TestWritable(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writable(dir))
	require.ErrorIs(t, writable(filepath.Join(dir, "gone")), os.ErrNotExist)
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.EqualError(t, writable(file), "write to "+file+": not a directory")
	if os.Geteuid() != 0 { // root may write everywhere
		require.NoError(t, os.Chmod(dir, 0o500))
		require.ErrorIs(t, writable(dir), os.ErrPermission)
		require.NoError(t, os.Chmod(dir, 0o700)) // so that it can be removed
	}
}

func TestPID(t *testing.T) {
	for text, want := range map[string]int{"17\n": 17, "": 0, "x": 0, "-1": 0, "0": 0} {
		file := filepath.Join(t.TempDir(), "pid")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		got, err := pidOf(file)
		require.Equal(t, want, got, strconv.Quote(text))
		require.Equal(t, want == 0, err != nil)
	}
}

// Several failures are several lines, and the worst gives the exit code.
func TestReportJoined(t *testing.T) {
	var text bytes.Buffer
	s := newStarter(Streams{Err: &text})
	both := errors.Join(no("a", "is not running", "see b"), missing("Temporal", "gone.", "start it"))
	require.Equal(t, exitMissing, s.report(both))
	require.Equal(t, "starter: a: is not running; see b\nstarter: Temporal: gone; start it\n", text.String())

	text.Reset()
	s.output = "json"
	require.Equal(t, exitMissing, s.report(both))
	require.Equal(t, `{"error":{"hint":"see b","message":"a: is not running\nTemporal: gone.","type":"PreconditionFailed"}}`+"\n", text.String())
}

// A service or a router that is misspelt in the configuration is found.
func TestUnknownServices(t *testing.T) {
	p := &projectDoctor{
		config:   config.Project{Services: map[string]config.Service{"web": {}, "wbe": {}}, Nginx: &config.Nginx{Service: "ngin"}},
		services: func() ([]scaling.Service, error) { return []scaling.Service{{Name: "nginx"}, {Name: "web"}}, nil },
	}
	require.Equal(t, []string{"wbe", "ngin"}, p.unknownServices())
	p.services = func() ([]scaling.Service, error) { return nil, errors.New("broken") }
	require.Empty(t, p.unknownServices(), "that is said elsewhere")
}
