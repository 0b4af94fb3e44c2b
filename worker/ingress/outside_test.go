package ingress

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/jsonpath"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

const (
	token  = "token-of-alertmanager"
	secret = "secret-of-the-hook-ci"
)

// temporal stands for it: it knows which runs are at work.
type temporal struct {
	mu      sync.Mutex
	atWork  map[string]bool
	started []alert.Start
	ended   []alert.Ended
	calls   int
	// away is from which call on nothing is taken; negative is never.
	away int
	// short says that runs end at once.
	short bool
}

func (t *temporal) Start(ctx context.Context, start alert.Start) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	if t.away >= 0 && t.calls > t.away {
		return false, errors.New("away")
	}
	if t.atWork[start.ID] {
		return true, ctx.Err()
	}
	t.atWork[start.ID] = !t.short
	t.started = append(t.started, start)
	return false, ctx.Err()
}

func (t *temporal) End(_ context.Context, ended alert.Ended) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	if t.away >= 0 && t.calls > t.away {
		return errors.New("away")
	}
	t.ended = append(t.ended, ended)
	return nil
}

// outside is a server that something comes in to.
type outside struct {
	*temporal
	url string

	mu      sync.Mutex
	clock   time.Time
	results map[alert.Result]int
}

func (o *outside) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.clock
}

func (o *outside) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.clock = o.clock.Add(d)
}

func (o *outside) seen(_ string, d alert.Decision) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.results[d.Result]++
}

// became returns what became of what came in since it was asked last.
func (o *outside) became() map[alert.Result]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer func() { o.results = map[alert.Result]int{} }()
	return o.results
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{
		temporal: &temporal{atWork: map[string]bool{}, away: -1}, clock: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), results: map[alert.Result]int{},
	}
	key, err := condition.Compile("inputs.model", condition.Types{"inputs.model": condition.String}, condition.String)
	require.NoError(t, err)
	d := runbook.Definition{
		Name: "model_down", Scope: runbook.ScopeProject, Inputs: []input.Field{{Name: "model", Type: condition.String}}, Concurrency: runbook.Concurrency{Key: key, Policy: runbook.Reject},
		Triggers: runbook.Triggers{Alerts: []runbook.Alert{{Match: map[string]string{"alertname": "ModelUnhealthy"}, Inputs: map[string]string{"model": "model"}}}},
	}
	path, err := jsonpath.Parse("models[0]")
	require.NoError(t, err)
	projects := alert.Projects{"gpu-1": {"shop"}}
	hook := Hook{
		Hook:   alert.Hook{Name: "ci", Runbook: d, Projects: projects, Inputs: map[string]jsonpath.Path{"model": path}},
		Secret: secret, Alerts: o.temporal, Seen: o.seen, Now: o.now,
	}
	off := hook
	off.Name, off.Unusable = "off", "the runbook model_down is disabled"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	handlers := Outside{Listen: "gpu-1:9465", Hooks: map[string]http.Handler{"ci": hook.Handler(), "off": off.Handler()}, Alertmanager: Alertmanager{
		Token: token, Rules: alert.Rules{Runbooks: []runbook.Definition{d}, Projects: projects, HostLabel: "host", ProjectLabel: "project"}, Alerts: o.temporal, Seen: o.seen, Now: o.now,
	}.Handler()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ServeOutside(ctx, listener, handlers.Handler(listener.Addr())) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		cancel()
		require.NoError(t, <-done)
	})
	o.url = "http://" + listener.Addr().String()
	return o
}

// post sends a request and returns the status, the body and the headers of the answer.
func (o *outside) post(t *testing.T, path, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
		if name == "Host" {
			request.Host = value
		}
	}
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text), answer.Header
}

// alerts is a notification with one alert for each model.
func alerts(status string, models ...string) string {
	var all []string
	for _, model := range models {
		sum := sha256.Sum256([]byte(model))
		all = append(all, fmt.Sprintf(`{"status": %q, "labels": {"alertname": "ModelUnhealthy", "model": %q}, "startsAt": "2026-11-27T11:58:00Z", "fingerprint": "%x"}`, status, model, sum[:8]))
	}
	return `{"version": "4", "alerts": [` + strings.Join(all, ", ") + `]}`
}

func signatureBy(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

const bearer = "Authorization: Bearer " + token
