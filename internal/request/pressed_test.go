package request

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/press"
)

func pressOf(r Request, decision string) press.Press {
	return press.Press{
		ID: "0123", Team: "T1", User: "U0BEN", Channel: "C0OPS", Message: "1.2", Request: r.ID, Shown: r.Shown, Decision: decision,
		Reason: "seen", Fields: map[string]string{"n": "3"}, At: time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC),
	}
}

// A button says what it knows; a yes to what is destructive says all that is allowed.
func TestSays(t *testing.T) {
	r := opened(func(r *Request) {
		r.Host, r.RunID, r.PlanSHA256, r.Definition, r.LimitSeconds, r.Min = "gpu1", "01a2", "ab", "cd", 900, 1
		r.Allows = []Effect{{Step: "wipe", Attempt: 2, Uses: "command.run", Arguments: condition.Values{"command": "wipe"}}}
		r.Risk = Write
	})
	p := pressOf(r, Approve)
	text, err := r.Says(p).Text()
	require.NoError(t, err)
	require.Equal(t, `evenkeel statement 1
cluster: 
do: approve
who: slack:T1/U0BEN
login: 
host: gpu1
run: runbook/gpu1/shop/fix/k
run-id: 
request: runbook/gpu1/shop/fix/k:gate.3@0123abcd
step: 
attempt: 0
plan: 
shown: `+r.Shown+`
field n: 3
reason: seen
until: 
at: 2026-01-05T03:00:00Z
nonce: 0123
`, text)
	require.Equal(t, Says(p), r.Says(p))
	r.Risk = Destructive
	require.Equal(t, r.Statement(Pressed(p)), r.Says(p))
	require.NotEmpty(t, r.Says(p).Arguments)
	require.False(t, r.Says(p).Until.IsZero())
	no := pressOf(r, Reject)
	require.Equal(t, Says(no), r.Says(no), "a no allows nothing")
	r.Kind = Order
	require.False(t, r.Whole(""), "an order has no yes")
	require.Empty(t, Says(press.Press{Request: "routine/daily/2026-01-05:sign.1@0123abcd"}).Host, "that is no host")
}

func TestPressFault(t *testing.T) {
	r := opened(func(*Request) {})
	require.Empty(t, PressFault(pressOf(r, Approve)))
	for want, change := range map[string]func(*press.Press){
		"a press has an id":                     func(p *press.Press) { p.ID = "" },
		"says who pressed and where":            func(p *press.Press) { p.Channel = strings.Repeat("C", maxName+1) },
		"says who pressed, and when":            func(p *press.Press) { p.At = time.Time{} },
		"a press says who pressed":              func(p *press.Press) { p.User = "U0/@gpu-1" },
		"the whole id of its request":           func(p *press.Press) { p.Request = "x" },
		"the SHA-256 of what was shown":         func(p *press.Press) { p.Shown = p.Shown[:16] },
		"a no needs a reason":                   func(p *press.Press) { p.Decision, p.Reason = Reject, "" },
		"the fields of an answer have at most":  func(p *press.Press) { p.Fields["n"] = strings.Repeat("x", maxValues+1) },
		"the reason holds the character U+202E": func(p *press.Press) { p.Reason = "\u202e" },
	} {
		p := pressOf(r, Approve)
		change(&p)
		require.Contains(t, PressFault(p), want)
	}
}

// A word whose evidence does not hold is recorded with the reason, whoever it is by.
func TestFaultIsDenied(t *testing.T) {
	r := opened(func(*Request) {})
	a := yes(r, "bob@gpu-1")
	a.Standing.Fault = "it came too late"
	next, result := r.Answer(a)
	require.Equal(t, r.Answers, next.Answers)
	require.Equal(t, "request.denied", result.Entry.Kind)
	require.Equal(t, "it came too late", result.Entry.Word.Reason)
	require.False(t, result.Reply.Accepted)
}
