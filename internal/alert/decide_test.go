package alert

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/jsonpath"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func key(t testing.TB, text string) condition.Expression {
	t.Helper()
	e, err := condition.Compile(text, condition.Types{"inputs.model": condition.String, "inputs.service": condition.String}, condition.String)
	require.NoError(t, err)
	return e
}

// rules are those of two hosts, one with two projects, and of three runbooks.
func rules(t testing.TB) Rules {
	t.Helper()
	model := runbook.Definition{
		Name: "model_down", Scope: runbook.ScopeProject, Description: "d",
		Triggers: runbook.Triggers{Alerts: []runbook.Alert{{Match: map[string]string{"alertname": "ModelUnhealthy"}, Inputs: map[string]string{"model": "model", "service": "service"}}}},
		Inputs: []input.Field{
			{Name: "model", Type: condition.String, Enum: []string{"llama3_8b", "qwen_32b"}},
			{Name: "service", Type: condition.String, Default: "app"},
			{Name: "limit", Type: condition.Double, Default: 5.0},
		},
		Concurrency: runbook.Concurrency{Key: key(t, "inputs.model"), Policy: runbook.Reject},
	}
	slow := runbook.Definition{
		Name: "slow", Scope: runbook.ScopeProject, Inputs: []input.Field{{Name: "service", Type: condition.String, Default: "app"}},
		Triggers: runbook.Triggers{Alerts: []runbook.Alert{
			{Match: map[string]string{"alertname": "Slow", "severity": "critical"}}, {Match: map[string]string{"alertname": "Slower"}},
		}},
	}
	disk := runbook.Definition{
		Name: "disk", Scope: runbook.ScopeHost,
		Triggers: runbook.Triggers{Alerts: []runbook.Alert{{Match: map[string]string{"alertname": "DiskPressure"}}, {Match: map[string]string{"alertname": "Slower"}}, {Match: nil}}},
	}
	return Rules{
		Runbooks: []runbook.Definition{slow, model, disk}, Projects: Projects{"gpu-1": {"blog", "shop"}, "gpu-2": {"shop"}},
		HostLabel: "host", ProjectLabel: "project",
	}
}

func firing(labels ...string) Alert {
	a := Alert{Status: Firing, Labels: map[string]string{}, StartsAt: noon.Add(-time.Minute), Fingerprint: "00c0ffee00c0ffee"}
	for _, pair := range labels {
		name, value, _ := strings.Cut(pair, "=")
		a.Labels[name] = value
	}
	return a
}

func TestDecide(t *testing.T) {
	for name, c := range map[string]struct {
		alert Alert
		want  []string
	}{
		"a start": {firing("alertname=ModelUnhealthy", "model=llama3_8b", "host=gpu-1", "project=shop"), []string{"started runbook/gpu-1/shop/model_down/llama3_8b"}},
		"the only project of a host": {
			firing("alertname=ModelUnhealthy", "model=qwen_32b", "host=gpu-2", "other=x"), []string{"started runbook/gpu-2/shop/model_down/qwen_32b"},
		},
		"two labels, one is another": {firing("alertname=Slow", "severity=warning", "host=gpu-2"), []string{"no_match"}},
		"two labels":                 {firing("alertname=Slow", "severity=critical", "host=gpu-2"), []string{"started runbook/gpu-2/shop/slow"}},
		"two runbooks":               {firing("alertname=Slower", "host=gpu-1", "project=blog"), []string{"started runbook/gpu-1/-/disk", "started runbook/gpu-1/blog/slow"}},
		"about the host":             {firing("alertname=DiskPressure", "host=gpu-1", "project=whatever"), []string{"started runbook/gpu-1/-/disk"}},
		"nothing matches":            {firing("alertname=Other", "host=gpu-1"), []string{"no_match"}},
		"no name":                    {firing("severity=critical"), []string{"no_match"}},
		"no host":                    {firing("alertname=DiskPressure"), []string{"bad_labels no host is named, and the configuration has several"}},
		"another host":               {firing("alertname=DiskPressure", "host=gpu-9"), []string{`bad_labels the configuration has no host "gpu-9"`}},
		"no project":                 {firing("alertname=ModelUnhealthy", "model=qwen_32b", "host=gpu-1"), []string{"bad_labels no project is named, and the host gpu-1 has blog, shop"}},
		"another project":            {firing("alertname=ModelUnhealthy", "model=qwen_32b", "host=gpu-1", "project=shap"), []string{`bad_labels the host gpu-1 has no project "shap"`}},
		"an input is missing":        {firing("alertname=ModelUnhealthy", "host=gpu-2"), []string{"bad_labels model is missing; give model=string"}},
		"an empty label is none":     {firing("alertname=ModelUnhealthy", "host=gpu-2", "model="), []string{"bad_labels model is missing; give model=string"}},
		"an input of another value":  {firing("alertname=ModelUnhealthy", "host=gpu-2", "model=gpt\n"), []string{`bad_labels model: "gpt\n" is not allowed; `}},
		"a value with a space":       {firing("alertname=ModelUnhealthy", "host=gpu-2", "model=qwen_32b", "service=a b"), []string{"started runbook/gpu-2/shop/model_down/qwen_32b"}},
	} {
		got := rules(t).Decide(Payload{Alerts: []Alert{c.alert}}, noon)
		require.Len(t, got, len(c.want), name)
		for i, d := range got {
			text := string(d.Result) + " " + d.Reason
			if d.Start != nil {
				text = string(d.Result) + " " + d.Start.ID
			}
			require.True(t, strings.HasPrefix(text, c.want[i]), "%s: %s", name, text)
			require.Equal(t, c.alert.Fingerprint, d.Fingerprint)
		}
		c.alert.Status, c.alert.EndsAt = Resolved, noon
		got = rules(t).Decide(Payload{Alerts: []Alert{c.alert}}, noon)
		require.Len(t, got, len(c.want), name)
		for i, d := range got {
			require.Equal(t, IsResolved, d.Result, name)
			require.Nil(t, d.Start, name)
			run, starts := strings.CutPrefix(c.want[i], "started ")
			require.Equal(t, starts, d.Ended != nil, "%s: the run that it would have started is told", name)
			if starts {
				require.Equal(t, run, d.Ended.Run, name)
				require.Equal(t, noon, d.Ended.At, name)
			}
		}
	}
}

// A start has what any start has; it is another one when the alert fires anew, and the same run.
func TestStartOfAnAlert(t *testing.T) {
	a := firing("alertname=ModelUnhealthy", "model=llama3_8b", "host=gpu-1", "project=shop")
	start := func(a Alert) Start {
		d := rules(t).Decide(Payload{Alerts: []Alert{a}}, noon)[0]
		require.NotNil(t, d.Start)
		return *d.Start
	}
	first := start(a)
	require.Equal(t, Start{
		ID: "runbook/gpu-1/shop/model_down/llama3_8b", Runbook: "model_down", Host: "gpu-1", Project: "shop", Inputs: condition.Values{"model": "llama3_8b"},
		Filled: condition.Values{"model": "llama3_8b", "service": "app", "limit": 5.0}, Key: "llama3_8b", Policy: runbook.Reject, Description: "d",
		By: "alertmanager", Kind: identity.Alertmanager, Why: "the alert ModelUnhealthy fires since 2026-11-27T11:59:00Z (fingerprint 00c0ffee00c0ffee)",
		Delivery: first.Delivery, At: noon,
	}, first)
	require.Equal(t, first, start(a))
	a.StartsAt = noon
	anew := start(a)
	require.Equal(t, first.ID, anew.ID)
	require.NotEqual(t, first.Delivery, anew.Delivery)
	a.Labels["alertname"] = "ModelUnhealthy" // what a name may hold is made fit for a reason
	for _, name := range []string{"a\u202eb", "\x00", strings.Repeat("x", 5000), "\xff"} {
		r := rules(t)
		r.Runbooks[1].Triggers.Alerts[0].Match = map[string]string{"alertname": name}
		a.Labels["alertname"] = name
		d := r.Decide(Payload{Alerts: []Alert{a}}, noon)[0]
		require.Equal(t, Started, d.Result, d.Reason)
		require.Empty(t, request.WordFault(d.Start.By, d.Start.Why, identity.Said{Nonce: d.Start.Delivery}))
	}
}

// Two alerts that come to one run start it once; the one host of a configuration need not be named.
func TestSeveralAlerts(t *testing.T) {
	r := rules(t)
	r.Projects = Projects{"gpu-1": {"shop"}}
	got := r.Decide(Payload{Alerts: []Alert{firing("alertname=Slow", "severity=critical"), firing("alertname=Slower"), firing("alertname=Other")}, Truncated: 3}, noon)
	var results []string
	for _, d := range got {
		results = append(results, fmt.Sprint(d.Alert, " ", d.Runbook, " ", d.Result))
	}
	require.Equal(t, []string{"Slow slow started", "Slower disk started", "Slower slow joined", "Other  no_match", "  truncated"}, results)
	require.Equal(t, "3 more alerts were not sent; set max_alerts of the receiver to 0", got[4].Reason)
}

func TestStartOfAHook(t *testing.T) {
	path := func(text string) jsonpath.Path {
		p, err := jsonpath.Parse(text)
		require.NoError(t, err)
		return p
	}
	r := rules(t)
	h := Hook{
		Name: "ci", Runbook: r.Runbooks[1], Projects: r.Projects, Host: "gpu-2",
		Inputs: map[string]jsonpath.Path{"model": path("alerts[0].model"), "limit": path("limit")},
	}
	start, err := h.Start([]byte(`{"alerts": [{"model": "qwen_32b"}], "service": "other", "limit": 2}`), "abc", noon.Add(-time.Minute), noon)
	require.NoError(t, err)
	require.Equal(t, Start{
		ID: "runbook/gpu-2/shop/model_down/qwen_32b", Runbook: "model_down", Host: "gpu-2", Project: "shop", Inputs: condition.Values{"model": "qwen_32b", "limit": int64(2)},
		Filled: condition.Values{"model": "qwen_32b", "service": "app", "limit": 2.0}, Key: "qwen_32b", Policy: runbook.Reject, Description: "d",
		By: "hook:ci", Kind: identity.Hook, Why: "a delivery of the hook ci", Delivery: "abc", At: noon.Add(-time.Minute),
	}, start)
	for body, want := range map[string]string{
		`[]`:                                    "the body: it is no JSON object: ",
		`{}`:                                    "model is missing; give model=string",
		`{"alerts": [{"model": "gpt"}]}`:        `model: "gpt" is not allowed; `,
		`{"alerts": [{"model": ["qwen_32b"]}]}`: "input model: alerts[0].model is a list; a text, a number, true or false is wanted",
		`{"alerts": [{"model": "qwen_32b"}], "limit": "x"}`:   `limit: "x" is not a number; write digits, such as 10 or 0.5`,
		`{"alerts": [{"model": "qwen_32b"}], "limit": 1e999}`: "input limit: limit is a number that is too large",
	} {
		_, err := h.Start([]byte(body), "abc", noon, noon)
		require.ErrorContains(t, err, want, body)
	}
}
