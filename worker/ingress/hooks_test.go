package ingress

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/alert"
)

const toHook = "/hooks/ci"

// delivery is the headers of one that is signed at a time.
func delivery(key, body string, at time.Time) []string {
	stamp := fmt.Sprint(at.Unix())
	return []string{"X-Evenkeel-Timestamp: " + stamp, "X-Evenkeel-Signature: " + signatureBy(key, stamp+"."+body)}
}

func TestHook(t *testing.T) {
	o := newOutside(t)
	body := `{"models": ["a"]}`
	status, text, _ := o.post(t, toHook, body, "X-Evenkeel-Signature: "+signatureBy(secret, body))
	require.Equal(t, 200, status)
	require.Equal(t, "recorded\n", text)
	require.Equal(t, "hook:ci", o.started[0].By)
	require.Equal(t, "runbook/gpu-1/shop/model_down/a", o.started[0].ID)
	require.Equal(t, o.clock, o.started[0].At)

	o.post(t, toHook, `{"models": ["b"]}`, "X-Hub-Signature-256: "+signatureBy(secret, `{"models": ["b"]}`))
	at := o.clock.Add(-apart)
	o.post(t, toHook, `{"models": ["c"]}`, delivery(secret, `{"models": ["c"]}`, at)...)
	require.Len(t, o.started, 3)
	require.Equal(t, at.Unix(), o.started[2].At.Unix(), "it was said when it was signed")
	require.Equal(t, map[alert.Result]int{alert.Started: 3}, o.became())

	status, text, _ = o.post(t, toHook, body, delivery(secret, body, o.clock)...)
	require.Equal(t, 200, status)
	require.Equal(t, "recorded\n", text)
	require.Equal(t, map[alert.Result]int{alert.Joined: 1}, o.became())
}

// The same delivery does nothing, however it is written and however its run went.
func TestReplay(t *testing.T) {
	o := newOutside(t)
	o.short = true
	body := `{"models": ["a"]}`
	for i, signature := range []string{signatureBy(secret, body), signatureBy(secret, body), "sha256=" + strings.ToUpper(signatureBy(secret, body)[7:])} {
		for _, header := range []string{signatureHeader, githubHeader} {
			status, text, _ := o.post(t, toHook, body, header+": "+signature)
			require.Equal(t, 200, status, i)
			require.Equal(t, "recorded\n", text)
		}
	}
	o.pass(24 * time.Hour)
	o.post(t, toHook, body, signatureHeader+": "+signatureBy(secret, body))
	require.Equal(t, map[alert.Result]int{alert.Started: 1, alert.Replayed: 6}, o.became())
	require.Equal(t, 1, o.calls)
}

// A delivery that was not taken may come again as it is.
func TestHookWhenTemporalIsAway(t *testing.T) {
	o := newOutside(t)
	o.away = 0
	body := `{"models": ["a"]}`
	status, _, headers := o.post(t, toHook, body, delivery(secret, body, o.clock)...)
	require.Equal(t, 503, status)
	require.Equal(t, "5", headers.Get("Retry-After"))
	require.Empty(t, o.started)
	o.away = -1
	status, _, _ = o.post(t, toHook, body, delivery(secret, body, o.clock)...)
	require.Equal(t, 200, status)
	require.Equal(t, map[alert.Result]int{alert.Started: 1, alert.Unavailable: 1}, o.became())

	status, text, _ := o.post(t, "/hooks/off", body, delivery(secret, body, o.clock)...)
	require.Equal(t, 503, status)
	require.Equal(t, "its runbook is not in use\n", text)
}

func TestBadDeliveries(t *testing.T) {
	o := newOutside(t)
	for name, c := range map[string]struct {
		body, kind string
		want       int
		says       string
	}{
		"no JSON":                 {"a", "application/json", 400, "the body: it is no JSON object"},
		"a list":                  {"[]", "application/json", 400, "the body: it is no JSON object"},
		"another kind":            {`{"models": ["a"]}`, "text/plain", 400, "the content type is not application/json"},
		"an input is missing":     {`{"model": "a"}`, "application/json", 400, "model is missing; give model=string"},
		"an input of two values":  {`{"models": [["a"]]}`, "application/json", 400, "input model: models[0] is a list"},
		"what makes no key":       {`{"models": ["a b"]}`, "application/json", 400, `concurrency.key is "a b"`},
		"a byte too many":         {strings.Repeat(" ", alert.MaxBytes+1), "application/json", 413, "the body may have 1048576 bytes"},
		"what could be two texts": {fmt.Sprint(o.clock.Unix(), ".", `{"models": ["a"]}`), "application/json", 400, "the body: it is no JSON object"},
	} {
		status, text, _ := o.post(t, toHook, c.body, signatureHeader+": "+signatureBy(secret, c.body), "Content-Type: "+c.kind)
		require.Equal(t, c.want, status, name)
		require.Contains(t, text, c.says, name)
		require.Equal(t, 1, strings.Count(text, "\n"), name)
	}
	require.Zero(t, o.calls)
}
