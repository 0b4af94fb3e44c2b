package alert

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sent is what an Alertmanager 0.25 sends, with a field of a later one.
const sent = `{"receiver": "evenkeel", "status": "firing", "alerts": [
  {"status": "firing", "labels": {"alertname": "ModelUnhealthy", "model": "llama3_8b", "service": "model-llama", "host": "gpu-1", "project": "shop"},
   "annotations": {"summary": "down"}, "startsAt": "2026-11-27T11:58:00.5Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p/graph", "fingerprint": "00c0ffee00c0ffee"},
  {"status": "resolved", "labels": {"alertname": "ModelUnhealthy", "model": "qwen_32b"}, "annotations": {}, "startsAt": "2026-11-27T11:00:00+01:00",
   "endsAt": "2026-11-27T11:59:00Z", "generatorURL": "", "fingerprint": "0123456789abcdef"}],
 "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://am", "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0,
 "notification_reason": "repeat interval elapsed"}`

func TestParsePayload(t *testing.T) {
	p, err := ParsePayload([]byte(sent))
	require.NoError(t, err)
	require.Equal(t, "{}:{}", p.GroupKey)
	require.Len(t, p.Alerts, 2)
	require.Equal(t, Alert{
		Status: Firing, Labels: map[string]string{"alertname": "ModelUnhealthy", "model": "llama3_8b", "service": "model-llama", "host": "gpu-1", "project": "shop"},
		Annotations: map[string]string{"summary": "down"}, StartsAt: time.Date(2026, 11, 27, 11, 58, 0, 5e8, time.UTC), EndsAt: p.Alerts[0].EndsAt,
		Fingerprint: "00c0ffee00c0ffee", GeneratorURL: "http://p/graph",
	}, p.Alerts[0])
	require.True(t, p.Alerts[0].EndsAt.IsZero())
	require.Equal(t, Resolved, p.Alerts[1].Status)
	require.Equal(t, time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC), p.Alerts[1].StartsAt.UTC())
}

func TestWhatIsNoPayload(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no JSON":               {sent, "status=firing", "the payload is not what an Alertmanager sends: invalid character 's' looking for beginning of value"},
		"nothing":               {sent, "", "the payload is not what an Alertmanager sends: EOF"},
		"null":                  {sent, "null", `version is ""; the version 4 of the webhook is wanted`},
		"cut":                   {sent, sent[:200], "the payload is not what an Alertmanager sends: unexpected EOF"},
		"two":                   {sent, sent + "{}", "the payload goes on behind its JSON object"},
		"another version":       {`"version": "4"`, `"version": "5"`, `version is "5"; the version 4 of the webhook is wanted`},
		"a number as version":   {`"version": "4"`, `"version": 4`, "the payload is not what an Alertmanager sends: json: cannot unmarshal number into Go struct field .version of type string"},
		"no alerts":             {`"alerts": [`, `"other": [`, "alerts is empty; at least one is wanted"},
		"another status":        {`{"status": "firing", "labels"`, `{"status": "pending", "labels"`, `alerts[0]: status is "pending"; firing or resolved is wanted`},
		"no status":             {`{"status": "resolved",`, `{`, `alerts[1]: status is ""; firing or resolved is wanted`},
		"no labels":             {`"labels": {"alertname": "ModelUnhealthy", "model": "qwen_32b"}`, `"labels": {}`, "alerts[1]: labels is empty; at least one is wanted"},
		"a number as a label":   {`"model": "qwen_32b"`, `"model": 7`, "the payload is not what an Alertmanager sends: json: cannot unmarshal number into Go struct field Alert.alerts.labels of type string"},
		"no start":              {`"startsAt": "2026-11-27T11:58:00.5Z"`, `"x": 1`, "alerts[0]: startsAt is missing"},
		"a start that is none":  {`2026-11-27T11:58:00.5Z`, `yesterday`, "the payload is not what an Alertmanager sends: "},
		"no fingerprint":        {`"fingerprint": "00c0ffee00c0ffee"`, `"x": 1`, `alerts[0]: fingerprint is ""; 16 hexadecimal digits are wanted`},
		"another fingerprint":   {`00c0ffee00c0ffee`, `00c0ffee00c0ffe/`, `alerts[0]: fingerprint is "00c0ffee00c0ffe/"; 16 hexadecimal digits are wanted`},
		"less than none is cut": {`"truncatedAlerts": 0`, `"truncatedAlerts": -1`, "truncatedAlerts is -1; 0 or more is wanted"},
	} {
		text := strings.Replace(sent, c.old, c.new, 1)
		require.NotEqual(t, sent, text, name)
		_, err := ParsePayload([]byte(text))
		require.ErrorContains(t, err, c.want, name)
		require.NotContains(t, err.Error(), "\n", name)
	}
	p, err := ParsePayload([]byte(strings.Replace(sent, `"model": "qwen_32b"`, `"service.name": "qwen_32b"`, 1)))
	require.NoError(t, err, "a label may have any name: it says nothing against the other alerts")
	require.Equal(t, "qwen_32b", p.Alerts[1].Labels["service.name"])
	_, err = ParsePayload(make([]byte, MaxBytes+1))
	require.EqualError(t, err, "the payload has 1048577 bytes; it may have 1048576")
}

// Whatever comes, an alert that is taken has all that decides, and what Decide says of it has a reason and no line break.
func FuzzPayload(f *testing.F) {
	f.Add([]byte(sent))
	f.Add([]byte(`{"version":"4","alerts":[{"status":"firing","labels":{"alertname":"A"},"startsAt":"2026-01-01T00:00:00Z","fingerprint":"0123456789abcdef"}]}`))
	f.Add([]byte(`{"version":"4","alerts":[{}]}`))
	rules := rules(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParsePayload(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		seen := map[string]bool{}
		for _, d := range rules.Decide(p, noon) {
			require.NotEmpty(t, d.Reason)
			require.NotContains(t, d.Reason+d.Alert, "\n")
			require.Equal(t, d.Result == Started, d.Start != nil)
			if d.Start != nil {
				require.False(t, seen[d.Start.ID])
				seen[d.Start.ID] = true
				_, err := json.Marshal(d.Start)
				require.NoError(t, err)
			}
		}
	})
}
