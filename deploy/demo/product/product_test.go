package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// replica is one role that answers on loopback.
type replica struct {
	*testing.T
	s   *server
	url string
}

// start serves a role whose environment is the given pairs, NAME=value.
func start(t *testing.T, role string, env ...string) replica {
	t.Helper()
	cfg, err := parseConfig(role, func(name string) string {
		for _, pair := range env {
			if v, ok := strings.CutPrefix(pair, name+"="); ok {
				return v
			}
		}
		return ""
	})
	require.NoError(t, err)
	s := newRole(cfg)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return replica{t, s, srv.URL}
}

// do sends a request with the token "secret" and returns status and body.
func (r replica) do(method, path, body string) (int, string) {
	r.Helper()
	req, err := http.NewRequest(method, r.url+path, strings.NewReader(body))
	require.NoError(r, err)
	req.Header.Set("Authorization", "Bearer secret")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(r, err)
	return resp.StatusCode, string(b)
}

// want sends a request and requires the status; it returns the decoded answer.
func (r replica) want(code int, method, path, body string) map[string]any {
	r.Helper()
	got, text := r.do(method, path, body)
	require.Equal(r, code, got, "%s %s: %s", method, path, text)
	var out map[string]any
	require.NoError(r, json.Unmarshal([]byte(text), &out), text)
	return out
}

// metric reads one sample, written as it stands in /metrics; ok is false when it is not there.
func (r replica) metric(series string) (value float64, ok bool) {
	r.Helper()
	code, text := r.do("GET", "/metrics", "")
	require.Equal(r, 200, code)
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, series+" "); found {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			require.NoError(r, err, line)
			return v, true
		}
	}
	return 0, false
}

func (r replica) wantMetric(want float64, series string) {
	r.Helper()
	got, ok := r.metric(series)
	require.True(r, ok, "%s is not in /metrics", series)
	require.Equal(r, want, got, series)
}

// until waits for something that is expected within a second or so.
func (r replica) until(what string, ok func() bool) {
	r.Helper()
	require.Eventually(r, ok, 30*time.Second, 5*time.Millisecond, what)
}

func TestConfigSaysWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ role, env, want string }{
		{"database", "", `role "database": want one of app, model, worker-llm, worker-rl, or health`},
		{"app", "PORT=http", `PORT="http"`},
		{"app", "PORT=80.5", `PORT="80.5": want a whole number`},
		{"app", "WARM_UP=-1", `WARM_UP="-1"`},
		{"app", "ON_TERM=never", `ON_TERM="never": want drain or exit`},
		{"app", "MODEL_URL=qwen_32b=http://a", "no URL for mistral_7b"},
		{"model", "MODELS=qwen_32b", `MODELS="qwen_32b"`},
		{"app", `FAULT={"kind":"flood"}`, `kind "flood"`},
		{"app", `FAULT={"kind":"latency","ratio":2}`, "ratio: want 0 to 1"},
		{"app", "FAULT=crash", "FAULT="},
	} {
		_, err := parseConfig(tc.role, func(name string) string {
			v, _ := strings.CutPrefix(tc.env, name+"=")
			if v == tc.env {
				return ""
			}
			return v
		})
		require.ErrorContains(t, err, tc.want, tc.env)
	}
}

func TestMetricsAreWellFormed(t *testing.T) {
	r := start(t, "app")
	r.want(200, "POST", "/generate?mode=balanced&ms=1", `{"prompt":"a"}`)
	_, text := r.do("GET", "/metrics", "")
	typed := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if name, found := strings.CutPrefix(line, "# TYPE "); found {
			typed[strings.Fields(name)[0]] = true
			continue
		}
		if strings.HasPrefix(line, "# HELP ") {
			continue
		}
		name, _, _ := strings.Cut(line, " ")
		name, _, _ = strings.Cut(name, "{")
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && typed[base] {
				name = base
			}
		}
		require.True(t, typed[name], "a sample without a type: %s", line)
	}
	r.wantMetric(1, `http_requests_total{code="200"}`)
	r.wantMetric(1, `http_request_duration_seconds_bucket{mode="balanced",le="+Inf"}`)
	r.wantMetric(1, `http_request_duration_seconds_count{mode="balanced"}`)
}

func TestHistogramBordersBelongToTheBucketBelow(t *testing.T) {
	r := newRegistry()
	h := r.histogram("d", "help", "mode")
	for _, v := range []float64{.005, .0051, 2.5, 100} {
		h.WithLabelValues("fast").Observe(v)
	}
	text := scraped(r)
	for _, line := range []string{
		`d_bucket{mode="fast",le="0.005"} 1`, `d_bucket{mode="fast",le="0.01"} 2`,
		`d_bucket{mode="fast",le="2.5"} 3`, `d_bucket{mode="fast",le="60"} 3`,
		`d_bucket{mode="fast",le="+Inf"} 4`, `d_count{mode="fast"} 4`, `d_sum{mode="fast"} 102.5101`,
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestCheckHealth(t *testing.T) {
	r := start(t, "model")
	port := r.url[strings.LastIndex(r.url, ":")+1:]
	require.Zero(t, checkHealth(port))
	r.want(200, "POST", "/fault", `{"kind":"unhealthy"}`)
	require.Equal(t, 1, checkHealth(port))
	require.Equal(t, 1, checkHealth("1"), "nobody listens there")
}

// answers sends a request that takes ms and returns where its status arrives.
func (r replica) answers(ctx context.Context, ms int) chan string {
	out := make(chan string, 1)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "POST", fmt.Sprintf("%s/generate?ms=%d", r.url, ms), nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			out <- err.Error()
			return
		}
		defer resp.Body.Close()
		_, err = io.Copy(io.Discard, resp.Body)
		out <- fmt.Sprint(resp.StatusCode, " ", err)
	}()
	return out
}
