package request

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// The statement of an answer holds all that the person decides by, and all that the person says.
func TestStatementOfAnAnswer(t *testing.T) {
	r := opened(func(r *Request) {
		r.Host, r.RunID, r.PlanSHA256, r.Definition, r.LimitSeconds = "gpu-1", "01a2", "ab", "cd", 900
		r.Allows = []Effect{{Step: "wipe", Attempt: 2, Uses: "command.run", Arguments: condition.Values{"command": "wipe"}, Argv: []string{"/bin/wipe", "a b"}}}
	})
	a := yes(r, "bob@gpu-1")
	a.At, a.Nonce, a.Reason, a.Fields = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC), "n", "agreed", condition.Values{"n": int64(3)}
	s := r.Statement(a)
	require.Equal(t, r.Opened.Add(45*time.Minute), s.Until, "where several have to say it the first waits for the last")
	r.Min = 1
	s = r.Statement(a)
	s.Cluster = "c"
	text, err := s.Text()
	require.NoError(t, err)
	require.Equal(t, `evenkeel statement 1
cluster: c
do: approve
who: bob@gpu-1
login: 
host: gpu-1
run: runbook/gpu1/shop/fix/k
run-id: 01a2
request: runbook/gpu1/shop/fix/k:gate.3@0123abcd
step: 
attempt: 0
plan: ab
arg --definition: cd
arg wipe: command.run command=wipe, which runs /bin/wipe "a b" (attempt 2)
field n: 3
reason: agreed
until: 2026-01-05T03:15:00Z
at: 2026-01-05T03:00:00Z
nonce: n
`, text)
	seen := map[string]bool{text: true}
	for name, change := range map[string]func(*Request, *Answer){
		"decision": func(_ *Request, a *Answer) { a.Decision = Reject }, "who": func(_ *Request, a *Answer) { a.By = "anna@gpu-1" },
		"reason": func(_ *Request, a *Answer) { a.Reason = "" }, "field": func(_ *Request, a *Answer) { a.Fields = condition.Values{"n": int64(4)} },
		"run": func(r *Request, _ *Answer) { r.RunID = "x" }, "request": func(r *Request, _ *Answer) { r.ID = strings.Replace(r.ID, "gate.3", "gate.4", 1) },
		"plan": func(r *Request, _ *Answer) { r.PlanSHA256 = "cd" }, "attempt": func(r *Request, _ *Answer) { r.Allows[0].Attempt = 3 },
		"argv": func(r *Request, _ *Answer) { r.Allows[0].Argv[1] = "b a" }, "host": func(r *Request, _ *Answer) { r.Host = "gpu-2" },
		"kind": func(r *Request, _ *Answer) { r.Kind = Confirmation }, "login": func(_ *Request, a *Answer) { a.Login = "anna@gpu-1" },
	} {
		other, word := r, a
		other.Allows = []Effect{r.Allows[0]}
		other.Allows[0].Argv = append([]string{}, r.Allows[0].Argv...)
		change(&other, &word)
		s := other.Statement(word)
		s.Cluster = "c"
		text, err := s.Text()
		require.NoError(t, err)
		require.False(t, seen[text], name)
		seen[text] = true
	}
}
