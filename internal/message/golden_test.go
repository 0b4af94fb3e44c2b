package message

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

var update = flag.Bool("update", false, "write the golden files")

var opened = time.Date(2026, 11, 28, 13, 0, 0, 0, time.UTC)

func where(t testing.TB) Where {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	return Where{
		Host: "gpu-01", Project: "chat", Service: "app", Severity: "Sev2", Zone: zone,
		Page: LinkTo("The run", "https://temporal.example.com/namespaces/default/workflows", "runbook/gpu-01/chat/restart/app", "019a-ab12cd34"),
	}
}

// approval is a request for a destructive effect with all that there is about it.
func approval(t testing.TB) Ask {
	low := 1.0
	r, _ := request.Open(request.Request{
		ID: "runbook/gpu-01/chat/restart/app:ok.2@ab12cd34", Host: "gpu-01", RunID: "019a-ab12cd34", Kind: request.Approval, Step: "ok",
		Message: "The engine hangs.\nMay its container be removed?", Groups: []string{"sre", "ml"}, Min: 2, Not: []string{"carol"},
		Allows: []request.Effect{{
			Step: "remove", Attempt: 1, Uses: "command", Arguments: condition.Values{"id": "c0ffee"}, Argv: []string{"docker", "rm", "-f", "c0ffee <!channel>"},
		}},
		Fields:     []input.Field{{Name: "ticket", Type: condition.String, Description: "where it is followed up"}, {Name: "minutes", Type: condition.Int, Default: 5, Min: &low}},
		Choices:    request.Approval.Choices(),
		Risk:       request.Destructive,
		PlanSHA256: strings.Repeat("0123456789abcdef", 4), Definition: strings.Repeat("fedcba9876543210", 4), LimitSeconds: 3600, EscalateTo: []string{"leads"},
	}, opened)
	r.Answers = []string{"alice"}
	return Ask{
		Where: where(t), Request: r, Log: []string{"ready", "CUDA error: <out of memory> & `stuck`", "\tat step 7"},
		Readings: []request.Reading{{Name: "gpu.used_mib", Value: int64(79811), At: opened.Add(-5 * time.Second)}, {Name: "requests", Fault: "no answer within 2s"}},
	}
}

func kinds(t testing.TB) map[string]Message {
	a := approval(t)
	w := Word{By: "bob", Decision: request.Approve, Reason: "seen it, *go*", At: opened.Add(10 * time.Minute)}
	no := Word{By: "bob", Decision: request.Reject, Reason: "not before\nthe release", Claimed: true, At: opened.Add(10 * time.Minute)}
	sign, order, escalated := a, a, a
	escalated.Request.Escalated = true
	sign.Request.Kind, sign.Request.Choices = request.SignOff, request.SignOff.Choices()
	sign.Request.Allows, sign.Request.Fields, sign.Readings, sign.Log = nil, nil, nil, nil
	order.Request.Kind, order.Request.Choices = request.Order, []string{"retry", "skip", "abort"}
	order.Request.Allows, order.Request.Fields, order.Readings = nil, nil, nil
	alerts := []Alert{
		{
			Name: "GPUHot", Firing: true, Since: opened, Labels: map[string]string{"gpu": "0", "alertname": "GPUHot"},
			Annotations: map[string]string{"summary": "GPU 0 has 91 °C", "description": "It is <hot>.\n1. Forged, since yesterday"}, Source: "http://prometheus/graph?g0.expr=a<b",
		},
		{Name: "EngineDown", Since: opened, Ended: opened.Add(time.Minute), Labels: map[string]string{"job": "engine"}},
	}
	return map[string]Message{
		"request": Asked(a), "sign_off": Asked(sign), "order": Asked(order),
		"answered": Answered(a, w), "reminded": Reminded(a), "escalated": Escalated(escalated),
		"granted": Closed(a, request.Granted, w), "rejected": Closed(a, request.Rejected, no),
		"expired": Closed(a, request.Expired, Word{Reason: "nobody answered in time"}), "withdrawn": Closed(a, Withdrawn, Word{Reason: "the run was reset"}),
		"notify": Notice(request.Notification{Runbook: "restart", Step: "tell", Groups: []string{"sre"}, Message: "app is back.\nIt took 40 s."}, where(t), "runbook/gpu-01/chat/restart/app"),
		"alerts": Alerts(Group{Where: where(t), Alerts: alerts, Buttons: Buttons(sign.Request)}),
	}
}

// What each kind says, as plain text and as Slack is given it.
func TestKinds(t *testing.T) {
	for name, m := range kinds(t) {
		posts := m.Slack()
		for _, p := range posts {
			require.NoError(t, Check(p), name)
		}
		golden(t, name+".txt", []byte(m.Text()+"\n"))
		if slices.Contains([]string{"request", "rejected", "answered", "notify", "alerts"}, name) { // the others are of the same parts
			golden(t, name+".json", indented(t, posts))
		}
	}
}

func TestPageAndWebhooks(t *testing.T) {
	m := kinds(t)["alerts"]
	golden(t, "page.txt", []byte(Page(m)+"\n"))
	for _, target := range []Target{Mattermost, Discord, Teams} {
		bodies := m.Webhook(target)
		require.Len(t, bodies, 1)
		golden(t, string(target)+".json", indented(t, json.RawMessage(bodies[0])))
	}
}

func TestModals(t *testing.T) {
	a := approval(t)
	for _, choice := range a.Request.Choices {
		text, err := a.Request.Statement(request.Answer{Decision: choice, By: "bob@gpu-01", Reason: "it `hangs` \u202e"}).Text()
		require.NoError(t, err)
		v, err := Modal(a.Request, Prompt{Choice: choice, Statement: text, Metadata: Value(a.Request, choice)})
		require.NoError(t, err)
		golden(t, "modal_"+choice+".json", indented(t, v))
	}
}

func indented(t *testing.T, value any) []byte {
	var out bytes.Buffer
	require.NoError(t, json.Indent(&out, encoded(value), "", "  "))
	return append(out.Bytes(), '\n')
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "make it with: go test ./internal/message -update")
	require.Equal(t, string(want), string(got), name)
}
