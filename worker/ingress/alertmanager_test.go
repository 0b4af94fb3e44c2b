package ingress

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/alert"
)

const toAlertmanager = "/hooks/alertmanager"

func TestAlertmanager(t *testing.T) {
	o := newOutside(t)
	status, text, _ := o.post(t, toAlertmanager, alerts("firing", "a", "b"), bearer)
	require.Equal(t, 200, status)
	require.Equal(t, "recorded\n", text)
	require.Equal(t, map[alert.Result]int{alert.Started: 2}, o.became())
	require.Equal(t, "runbook/gpu-1/shop/model_down/a", o.started[0].ID)
	require.Equal(t, "alertmanager", o.started[0].By)

	status, _, _ = o.post(t, toAlertmanager, alerts("firing", "a", "c"), "Authorization: bearer "+token)
	require.Equal(t, 200, status)
	require.Equal(t, map[alert.Result]int{alert.Started: 1, alert.Joined: 1}, o.became())

	status, _, _ = o.post(t, toAlertmanager, alerts("resolved", "a", "d"), bearer, "Content-Type: application/json; charset=utf-8")
	require.Equal(t, 200, status)
	require.Equal(t, map[alert.Result]int{alert.IsResolved: 2}, o.became())
	require.Len(t, o.started, 3)
	require.Len(t, o.ended, 2)
	require.Equal(t, "runbook/gpu-1/shop/model_down/a", o.ended[0].Run)
	o.away = 0
	status, _, _ = o.post(t, toAlertmanager, alerts("resolved", "a"), bearer)
	require.Equal(t, 503, status, "it is told again, until the run has heard it")
	o.became()
}

// Whoever has no token, or a wrong one, gets the same answer.
func TestWithoutToken(t *testing.T) {
	o := newOutside(t)
	_, want, headers := o.post(t, toAlertmanager, alerts("firing", "a"))
	require.Equal(t, "unauthorized\n", want)
	require.Equal(t, "Bearer", headers.Get("WWW-Authenticate"))
	for _, sent := range []string{"", "Bearer", "Bearer ", "Bearer x", "Bearer " + token + "x", "Bearer " + token[1:], "Bearer " + strings.ToUpper(token), "Basic " + token, token, "Bearer  " + token} {
		status, text, _ := o.post(t, toAlertmanager, alerts("firing", "a"), "Authorization: "+sent)
		require.Equal(t, 401, status, sent)
		require.Equal(t, want, text, sent)
	}
	require.Equal(t, map[alert.Result]int{alert.Refused: 11}, o.became())
	require.Zero(t, o.calls)
}

func TestBadNotifications(t *testing.T) {
	o := newOutside(t)
	for name, c := range map[string]struct {
		body, kind string
		want       int
	}{
		"a form":        {alerts("firing", "a"), "application/x-www-form-urlencoded", 400},
		"no kind":       {alerts("firing", "a"), "", 400},
		"no JSON":       {"alert=a", "application/json", 400},
		"nothing":       {"", "application/json", 400},
		"another":       {`{"version": "5", "alerts": []}`, "application/json", 400},
		"a byte more":   {alerts("firing", "a") + strings.Repeat(" ", alert.MaxBytes), "application/json", 413},
		"as much as is": {alerts("firing", "a") + strings.Repeat(" ", alert.MaxBytes-len(alerts("firing", "a"))), "application/json", 200},
	} {
		status, text, _ := o.post(t, toAlertmanager, c.body, bearer, "Content-Type: "+c.kind)
		require.Equal(t, c.want, status, name)
		require.Equal(t, 1, strings.Count(text, "\n"), name)
	}
	require.Equal(t, map[alert.Result]int{alert.Malformed: 6, alert.Started: 1}, o.became())
}

// 50 alerts take three requests: what is above 20 starts is sent again, and what was recorded is not started twice, not
// even where its run has ended meanwhile.
func TestAStormTakesSeveralRequests(t *testing.T) {
	for _, short := range []bool{false, true} {
		o := newOutside(t)
		o.short = short
		var models []string
		for i := range 50 {
			models = append(models, fmt.Sprint("m", i))
		}
		storm := alerts("firing", models...)
		for _, want := range []struct{ status, started, joined, more int }{{503, 20, 0, 30}, {503, 20, 20, 10}, {200, 10, 40, 0}, {200, 0, 50, 0}} {
			status, text, headers := o.post(t, toAlertmanager, storm, bearer)
			require.Equal(t, want.status, status)
			became := o.became()
			require.Equal(t, []int{want.started, want.joined, want.more}, []int{became[alert.Started], became[alert.Joined], became[alert.TooMany]})
			if status == 503 {
				require.Equal(t, "5", headers.Get("Retry-After"))
				require.Equal(t, "more runs than one request may start; send it again\n", text)
			}
		}
		require.Len(t, o.started, 50)
		require.Equal(t, 50, o.calls)
		o.pass(apart)
		status, _, _ := o.post(t, toAlertmanager, alerts("firing", "m0"), bearer)
		require.Equal(t, 200, status)
		require.Equal(t, 51, o.calls, "what is told again later is asked for again")
	}
}

// Where Temporal is away the alert is sent again; what was started before is then at work, and nothing is lost.
func TestTemporalIsAway(t *testing.T) {
	o := newOutside(t)
	o.away = 0
	status, text, headers := o.post(t, toAlertmanager, alerts("firing", "a", "b", "c"), bearer)
	require.Equal(t, 503, status)
	require.Equal(t, "Temporal does not take it now\n", text)
	require.Equal(t, "5", headers.Get("Retry-After"))
	require.Equal(t, map[alert.Result]int{alert.Unavailable: 3}, o.became())
	require.Equal(t, 1, o.calls, "it is asked once")
	require.Empty(t, o.started)

	o.away, o.calls = 1, 0 // it goes in the middle
	status, _, _ = o.post(t, toAlertmanager, alerts("firing", "a", "b", "c"), bearer)
	require.Equal(t, 503, status)
	require.Equal(t, map[alert.Result]int{alert.Started: 1, alert.Unavailable: 2}, o.became())

	o.away = -1
	status, _, _ = o.post(t, toAlertmanager, alerts("firing", "a", "b", "c"), bearer)
	require.Equal(t, 200, status)
	require.Equal(t, map[alert.Result]int{alert.Started: 2, alert.Joined: 1}, o.became())
	require.Len(t, o.started, 3)
}

func TestTaken(t *testing.T) {
	clock := time.Unix(0, 0)
	k := newTaken(func() time.Time { return clock })
	k.max = 2
	begin := func(id string) string {
		fresh, err := k.begin(id)
		return fmt.Sprint(fresh, err != nil)
	}
	require.Equal(t, "true false", begin("a"))
	require.Equal(t, "false true", begin("a"), "it is being taken")
	k.end("a", false)
	require.Equal(t, "true false", begin("a"), "it was not taken")
	k.end("a", true)
	require.Equal(t, "false false", begin("a"))
	require.Equal(t, "true false", begin("b"))
	k.end("b", true)
	require.Equal(t, "false true", begin("c"), "a may still come again")
	clock = clock.Add(2*apart + 1)
	require.Equal(t, "true false", begin("c"))
	require.Equal(t, "false false", begin("b"), "as long as there is room")
	k.end("c", true)

	k.note("x")
	k.note("x")
	k.note("y")
	require.Len(t, k.at, 2)
	require.Len(t, k.order, 2)
	require.True(t, k.recent("x"))
	clock = clock.Add(apart)
	require.False(t, k.recent("x"))
	k.note("x")
	require.True(t, k.recent("x"))
}
