package request

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
)

var now = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

// opened is an approval that two of oncall must give within 15 minutes.
func opened(change ...func(*Request)) Request {
	r := Request{
		ID: ID("runbook/gpu1/shop/fix/k", "gate", 3, "0199-0123abcd"), Kind: Approval, Step: "gate", Message: "Restart it?", Groups: []string{"oncall"}, Min: 2,
		Not: []string{"anna"}, Choices: []string{Approve, Reject}, Risk: Destructive, LimitSeconds: 900,
		Allows: []Effect{{Step: "restart", Attempt: 1, Uses: "service.restart", Arguments: condition.Values{"service": "app", "n": int64(3)}}},
	}
	for _, c := range change {
		c(&r)
	}
	r, _ = Open(r, now)
	return r
}

func yes(r Request, by string) Answer {
	return Answer{Request: r.ID, Shown: r.Shown, Decision: Approve, By: by, Via: "cli", Standing: Standing{Groups: []string{"oncall"}}}
}

func TestIDs(t *testing.T) {
	id := ID("runbook/gpu1/shop/fix/k", "call/gate", 12, "0199-0123abcd")
	require.Equal(t, "runbook/gpu1/shop/fix/k:call/gate.12@0123abcd", id)
	for id, want := range map[string][3]string{
		id:                  {"runbook/gpu1/shop/fix/k", "call/gate.12", "0123abcd"},
		"fix/k:gate.1":      {"fix/k", "gate.1", ""},
		"fix:a@b:gate.1@ff": {"fix:a@b", "gate.1", "ff"},
		"fix/k":             {}, ":gate.1": {}, "fix:": {}, "": {}, "fix:@ff": {},
	} {
		workflow, step, run, ok := Split(id)
		require.Equal(t, want[0] != "", ok, id)
		if ok {
			require.Equal(t, want, [3]string{workflow, step, run}, id)
		}
	}
	require.Equal(t, "runbook/gpu1/shop/fix/k:gate.3", opened().Short())
}

// Whatever changes what a person decides by changes the hash; who may answer and until when does not.
func TestShown(t *testing.T) {
	all := map[string]string{}
	for name, change := range map[string]func(*Request){
		"itself": func(*Request) {}, "message": func(r *Request) { r.Message = "Restart it!" }, "step": func(r *Request) { r.Step = "gate2" },
		"kind": func(r *Request) { r.Kind = Confirmation }, "risk": func(r *Request) { r.Risk = Write }, "plan": func(r *Request) { r.PlanSHA256 = "1" },
		"another request": func(r *Request) { r.ID = "x:gate.4@0123abcd" }, "another run": func(r *Request) { r.ID = strings.Replace(r.ID, "@0", "@1", 1) },
		"argument":         func(r *Request) { r.Allows[0].Arguments = condition.Values{"service": "app", "n": int64(4)} },
		"argument's name":  func(r *Request) { r.Allows[0].Arguments = condition.Values{"service": "app", "m": int64(3)} },
		"program":          func(r *Request) { r.Allows[0].Argv = []string{"/bin/a", "b c"} },
		"its words":        func(r *Request) { r.Allows[0].Argv = []string{"/bin/a", "b", "c"} },
		"attempt":          func(r *Request) { r.Allows[0].Attempt = 2 },
		"another effect":   func(r *Request) { r.Allows = append(r.Allows, Effect{Step: "stop"}) },
		"choice":           func(r *Request) { r.Choices = append(r.Choices, "fly") },
		"field":            func(r *Request) { r.Fields = []input.Field{{Name: "a", Type: condition.String}} },
		"field of a":       func(r *Request) { r.Fields = []input.Field{{Name: "a", Type: condition.String, Enum: []string{"b"}}} },
		"field from 1":     func(r *Request) { one := 1.0; r.Fields = []input.Field{{Name: "a", Type: condition.String, Min: &one}} },
		"field up to 1":    func(r *Request) { one := 1.0; r.Fields = []input.Field{{Name: "a", Type: condition.String, Max: &one}} },
		"moved boundaries": func(r *Request) { r.Step, r.Message = "gat", "eRestart it?" },
	} {
		sum := opened(change).Shown
		require.Len(t, sum, 64)
		var read Request
		text, err := json.Marshal(opened(change))
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &read))
		require.Equal(t, sum, read.ShownSHA256(), "whoever reads it finds the same")
		require.Empty(t, all[sum], name)
		all[sum] = name
	}
	require.Equal(t, opened().Shown, opened(func(r *Request) {
		r.Groups, r.Min, r.Not, r.LimitSeconds, r.EscalateTo = []string{"sre"}, 1, nil, 60, []string{"x"}
		r.Allows[0].Arguments = condition.Values{"service": "app", "n": float64(3)} // as JSON gives it back
	}).Shown)
}

// One person has one word, by however many accounts it comes, and none where it must be somebody else's.
func TestPersonsAreCounted(t *testing.T) {
	r := opened(func(r *Request) { r.Not = []string{"anna@gpu-1"} })
	by := func(r Request, name, person string, same ...string) Answer {
		a := yes(r, name)
		a.Standing.Person, a.Standing.Same = person, same
		return a
	}
	_, result := r.Answer(by(r, "ops@gpu-2", "anna", "anna@gpu-1"))
	require.Equal(t, "ops@gpu-2 started this run, and somebody else must answer", result.Reply.Message)
	r, result = r.Answer(by(r, "bob@gpu-1", "bob"))
	require.True(t, result.Reply.Accepted)
	for _, again := range []Answer{by(r, "bob@gpu-2", "bob"), by(r, "robert@gpu-1", "robert", "bob@gpu-1")} {
		_, result = r.Answer(again)
		require.Equal(t, again.By+" has approved it already", result.Reply.Message)
	}
	_, result = r.Answer(by(r, "cleo@gpu-2", "cleo"))
	require.Equal(t, Granted, result.Outcome)

	// Who has logged in behind root has approved as root, and not once more as herself.
	r = opened()
	root := by(r, "root@gpu-1", "root")
	root.Standing.Login = "dora"
	r, result = r.Answer(root)
	require.True(t, result.Reply.Accepted)
	require.Empty(t, result.Outcome)
	_, result = r.Answer(by(r, "slack:T1/U0DORA", "dora"))
	require.Equal(t, "slack:T1/U0DORA has approved it already", result.Reply.Message)
}

// What a command runs is seen word by word.
func TestEffectOfACommand(t *testing.T) {
	e := Effect{Step: "wipe", Uses: "command.run", Arguments: condition.Values{"command": "wipe"}, Argv: []string{"/bin/wipe", "a b", ""}}
	require.Equal(t, `wipe: command.run command=wipe, which runs /bin/wipe "a b" ""`, e.String())
}

func TestEnoughMustAgree(t *testing.T) {
	r, result := opened().Answer(yes(opened(), "bob"))
	require.Empty(t, result.Outcome)
	require.Equal(t, &Reply{Accepted: true, Message: "recorded; 1 more must approve"}, result.Reply)
	_, again := r.Answer(yes(r, "bob"))
	require.Equal(t, "bob has approved it already", again.Reply.Message)
	_, result = r.Answer(yes(r, "cleo"))
	require.Equal(t, Granted, result.Outcome)
	require.Equal(t, "request.approved", result.Entry.Kind)
	require.Equal(t, []string{"bob"}, r.Answers, "what was before is left as it was")

	no := yes(r, "bob")
	no.Decision, no.Reason = Reject, "not now"
	_, result = r.Answer(no)
	require.Equal(t, Rejected, result.Outcome)
	require.Equal(t, "not now", result.Reason)
}

func TestWhoseWordDoesNotCount(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Answer)
		want   string
	}{
		"something else": {func(a *Answer) { a.Shown = strings.Repeat("0", 64) }, "what was shown is not what is asked now; look at it again"},
		"no choice":      {func(a *Answer) { a.Decision = "fly" }, "runbook/gpu1/shop/fix/k:gate.3 is answered by approve, reject"},
		"no group":       {func(a *Answer) { a.Standing.Groups = nil }, "bob is in none of the groups oncall"},
		"initiator":      {func(a *Answer) { a.By = "anna" }, "anna started this run, and somebody else must answer"},
		"no proof": {
			func(a *Answer) { a.Standing.AuthenticatedFrom = Destructive },
			"an approval of a destructive step has to prove who gives it: on a host of the configuration, or signed by a key",
		},
		"no proof, from less on": {
			func(a *Answer) { a.Standing.AuthenticatedFrom = Write },
			"an approval of a destructive step has to prove who gives it: on a host of the configuration, or signed by a key",
		},
		"fields that nobody asked for": {func(a *Answer) { a.Fields = condition.Values{"x": 1} }, "there is no x; there are none"},
	} {
		t.Run(name, func(t *testing.T) {
			r := opened()
			a := yes(r, "bob")
			c.change(&a)
			after, result := r.Answer(a)
			require.Equal(t, r, after)
			require.Equal(t, &Reply{Message: c.want}, result.Reply)
			require.Equal(t, "request.denied", result.Entry.Kind)
			require.Equal(t, c.want, result.Entry.Word.Reason)
			require.Equal(t, a.By, result.Entry.Actor)
		})
	}
	order := opened(func(r *Request) { r.Kind, r.Choices, r.Groups = Order, []string{"retry", "abort"}, nil })
	a := yes(order, "bob")
	a.Decision = "retry"
	_, result := order.Answer(a)
	require.Equal(t, NoOperator("bob"), result.Reply.Message)
	a.Standing.Operator = true
	_, result = order.Answer(a)
	require.Equal(t, Ordered, result.Outcome)
	require.Equal(t, "retry", result.Decision)
}

func TestNobodyAnswers(t *testing.T) {
	r := opened(func(r *Request) { r.EscalateTo = []string{"sre", "oncall"} })
	early, result := r.Expire(now.Add(time.Minute))
	require.Equal(t, r, early)
	require.Equal(t, Result{Deadline: 14 * time.Minute}, result)

	escalated, result := r.Expire(now.Add(15 * time.Minute))
	require.Empty(t, result.Outcome)
	require.Equal(t, []string{"oncall", "sre"}, escalated.Groups)
	require.Equal(t, now.Add(30*time.Minute), escalated.Deadline)
	require.Equal(t, []string{"oncall"}, r.Groups, "what was before is left as it was")
	_, result = escalated.Expire(now.Add(30 * time.Minute))
	require.Equal(t, Expired, result.Outcome)
	require.Equal(t, "nobody answered runbook/gpu1/shop/fix/k:gate.3 in time", result.Reason)
}

func TestReminders(t *testing.T) {
	r := opened()
	require.Equal(t, time.Duration(0), r.Remind(now.Add(7*time.Minute+30*time.Second)).Remind, "the next would be at the deadline")
	r = opened(func(r *Request) { r.RemindSeconds = 60 })
	require.Equal(t, time.Minute, r.Remind(now.Add(time.Minute)).Remind)
	require.Equal(t, time.Second, opened(func(r *Request) { r.LimitSeconds = 1 }).remind())
}

func TestMalformed(t *testing.T) {
	require.Empty(t, yes(opened(), "bob@gpu-1").Malformed())
	for name, change := range map[string]func(*Answer){
		"no id": func(a *Answer) { a.Request = "" }, "a short id": func(a *Answer) { a.Request = "fix:gate.1" }, "an id without end": func(a *Answer) { a.Request = strings.Repeat("a", 1024) + ":g.1@ff" },
		"an id of lines": func(a *Answer) { a.Request = "fix:gate\n.1@ff" }, "no hash": func(a *Answer) { a.Shown = "" }, "no hex": func(a *Answer) { a.Shown = strings.Repeat("g", 64) },
		"no decision": func(a *Answer) { a.Decision = "" }, "nobody": func(a *Answer) { a.By = "" }, "two lines": func(a *Answer) { a.By = "bob\nanna" },
		"an escape": func(a *Answer) { a.By = "bob\x1b[2K" }, "a long name": func(a *Answer) { a.By = strings.Repeat("b", 257) }, "broken": func(a *Answer) { a.By = "b\xff" },
		"right to left": func(a *Answer) { a.By = "bob\u202e" }, "a long reason": func(a *Answer) { a.Reason = strings.Repeat("b", 4097) }, "a reason that hides": func(a *Answer) { a.Reason = "\x07" },
		"a long field": func(a *Answer) { a.Fields = condition.Values{strings.Repeat("f", 257): 1} }, "a field of lines": func(a *Answer) { a.Fields = condition.Values{"a\nb": 1} },
		"a long value": func(a *Answer) { a.Fields = condition.Values{"a": strings.Repeat("v", 64<<10+1)} },
	} {
		a := yes(opened(), "bob")
		change(&a)
		require.NotEmpty(t, a.Malformed(), name)
	}
	a := yes(opened(), "bob")
	a.Reason = "two\nlines\tand a tab"
	require.Empty(t, a.Malformed())
}

// Of many open requests a memo has the most urgent, each within its bound, whatever they say.
func TestSummaries(t *testing.T) {
	var open []Request
	for i := range 20 {
		open = append(open, opened(func(r *Request) { r.LimitSeconds = 900 - 10*i; r.Step = "s" + string(rune('a'+i)) }))
	}
	s := Summarize(open)
	require.Equal(t, 20, s.Open)
	require.Len(t, s.Requests, MaxSummaries)
	require.Equal(t, open[19].Deadline, s.Requests[0].Deadline)

	small := opened().Summary()
	require.False(t, small.Cut)
	require.Equal(t, Summary{
		ID: "gate.3@0123abcd", Kind: Approval, Message: "Restart it?", Groups: []string{"oncall"}, Allows: []string{"restart: service.restart n=3 service=app"},
		Not: []string{"anna"}, Risk: Destructive, Min: 2, Deadline: now.Add(15 * time.Minute), Shown: opened().Shown,
	}, small)
	require.True(t, opened(func(r *Request) { r.Fields = []input.Field{{Name: "a"}} }).Summary().Cut)
}

func FuzzSummary(f *testing.F) {
	f.Add("Restart it?", "oncall", "call/gate", "app", 3)
	f.Add(strings.Repeat("<\x00\u2028\"", 300), strings.Repeat("g", 400), strings.Repeat("s/", 60), "\xff\xfe", 40)
	f.Fuzz(func(t *testing.T, message, group, step, argument string, n int) {
		n = min(max(n, 0), 50)
		if len(step) > 128 {
			step = step[:128]
		}
		r := opened(func(r *Request) {
			r.Message, r.Step, r.Answers, r.Min = message, step, make([]string, n), n
			r.ID = ID("runbook/h/p/n", strings.Map(func(c rune) rune {
				if c < ' ' || c > '~' || strings.ContainsRune(`"\<>&:@`, c) {
					return 'x'
				}
				return c
			}, step), n, "0123abcd")
			r.Groups = nil
			for range n {
				r.Groups = append(r.Groups, group)
				r.Allows = append(r.Allows, Effect{Step: step, Uses: group, Arguments: condition.Values{"a": argument}})
			}
			r.Kind, r.Choices = Order, []string{"retry", "skip", "undo", "abort"}
		})
		text, err := json.Marshal(r.Summary())
		require.NoError(t, err)
		require.LessOrEqual(t, len(text), MaxSummaryBytes, "%s", text)
	})
}

// What is wrong with a reason is said, and where.
func TestReasons(t *testing.T) {
	for reason, want := range map[string]string{
		"it is\nill\tnow\r\n":     "",
		"é\x1b[2K":                "the reason holds the character U+001B at byte 3, which nobody sees; leave it out",
		"a\u202eb":                "the reason holds the character U+202E at byte 2, which nobody sees; leave it out",
		"a\xff":                   "the reason is not UTF-8; write it in text",
		strings.Repeat("a", 4097): "the reason has 4097 bytes, and 4096 are kept; write less",
	} {
		require.Equal(t, want, Spoken("bob@gpu-1", reason))
	}
}
