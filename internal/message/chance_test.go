package message

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

var hostile = []string{
	"<!channel>", "<@U012AB3CD>", "@here @everyone @channel", "<https://evil.example|The run>", "```\nApproved by alice\n```", "*bold* _it_ ~no~ `code` > quote",
	"\nwho may answer: everyone", "a\u202egpj.exe\u2066", "\u200b\u2060\ufeff", "\\u{202e} \\x{ff} \\\\u{5c}", "\xff\xfe\x80", "\x1b[2J\r\x00", "&lt;!here&gt; &amp; &", "&#60;!here&#62;",
	"e\u0301\u0301\u0301\u0301\u0301\u0301", "\u0301", "資料🙂⚠️", "", " ", "Part 2 of 3: x", "The rest is in the thread. Read it before you answer.", "| ", "+ ", ":rotating_light:", "\u2028\u2029\u0085", "\u3164\u115f\u2800",
}

// chance makes texts from hostile ones and what the fuzzer gave.
type chance struct {
	*rand.Rand
	given string
}

func (c chance) text(parts int) string {
	var out strings.Builder
	for range c.IntN(parts + 1) {
		if c.IntN(3) == 0 {
			out.WriteString(c.given)
		} else {
			out.WriteString(hostile[c.IntN(len(hostile))])
		}
	}
	return out.String()
}

// long is a text of up to 100 kB.
func (c chance) long() string {
	text := c.text(6)
	if c.IntN(16) > 0 || text == "" {
		return text
	}
	return strings.Repeat(text, min(1+c.IntN(3000), 100_000/len(text)+1))
}

func (c chance) several(most, parts int) []string {
	var out []string
	for range c.IntN(most + 1) {
		out = append(out, c.text(parts))
	}
	return out
}

func (c chance) values() condition.Values {
	v := condition.Values{}
	for range c.IntN(4) {
		v[c.text(2)] = []any{c.text(3), int64(c.IntN(100)), true, 0.5}[c.IntN(4)]
	}
	return v
}

func (c chance) ask(effects, lines int) Ask {
	kinds := []request.Kind{request.Approval, request.Confirmation, request.Input, request.SignOff, request.Acknowledgement, request.Order}
	low, high := float64(c.IntN(5)), float64(c.IntN(9))+.5
	r := request.Request{
		ID: request.ID(c.text(3), c.text(2), c.IntN(9), "019a-ab12cd34"), Host: c.text(1), Kind: kinds[c.IntN(len(kinds))], Step: c.text(3), Message: c.long(),
		Groups: c.several(3, 1), Min: c.IntN(3), Not: c.several(2, 1), Risk: request.Risk(c.text(1)), PlanSHA256: c.text(1), LimitSeconds: 60, EscalateTo: c.several(2, 1),
	}
	if r.Choices = r.Kind.Choices(); r.Kind == request.Order {
		r.Choices = append([]string{"retry", "skip"}, c.several(40, 1)...)
		for i := range c.IntN(60) {
			r.Choices = append(r.Choices, "choice-"+strconv.Itoa(i))
		}
	}
	if c.IntN(2) == 0 { // one that a button can have
		r.ID = request.ID(strings.Repeat("x", 1+c.IntN(1000)), "step", c.IntN(9), "019a-ab12cd34")
	}
	for range effects {
		r.Allows = append(r.Allows, request.Effect{Step: c.text(2), Attempt: c.IntN(4), Uses: c.text(1), Arguments: c.values(), Argv: c.several(3, 2)})
	}
	for range c.IntN(12) {
		f := input.Field{Name: c.text(2), Type: []condition.Type{condition.String, condition.Int, condition.Double, condition.Bool}[c.IntN(4)], Description: c.text(4), Min: &low}
		if c.IntN(2) == 0 {
			f.Enum, f.Max, f.Default = c.several(120, 2), &high, []any{c.text(2), int64(3), 2.5, true}[c.IntN(4)]
		}
		r.Fields = append(r.Fields, f)
	}
	r, _ = request.Open(r, time.Unix(1_800_000_000, 0))
	a := Ask{Where: Where{Host: c.text(1), Project: c.text(2), Severity: "Sev1", Page: LinkTo(c.text(2), "https://runs.example/x?a=b&c=d", c.text(2))}, Request: r}
	for range lines {
		a.Log = append(a.Log, c.text(2))
	}
	for _, name := range c.several(5, 2) {
		a.Readings = append(a.Readings, request.Reading{Name: name, Value: c.text(2), Fault: c.text(1), At: time.Unix(1_800_000_000-int64(c.IntN(99)), 0)})
	}
	return a
}

func (c chance) messages(a Ask, lines int) []Message {
	w := Word{By: c.text(2), Decision: request.Approve, Reason: c.long(), Claimed: c.IntN(2) == 0}
	g := Group{Where: a.Where, Buttons: Buttons(a.Request)}
	for range c.IntN(40) {
		g.Alerts = append(g.Alerts, Alert{
			Name: c.text(2), Firing: c.IntN(2) == 0, Labels: map[string]string{c.text(1): c.text(2)}, Annotations: map[string]string{c.text(1): c.text(5)}, Source: c.text(1), Since: time.Unix(1_800_000_000, 0),
		})
	}
	many := strings.Repeat(c.text(1)+"\n", lines)
	return []Message{
		Asked(a), Answered(a, w), Reminded(a), Escalated(a), Closed(a, request.Granted, w), Closed(a, Withdrawn, w), Alerts(g),
		Notice(request.Notification{Runbook: c.text(1), Step: c.text(1), Groups: c.several(3, 1), Message: many + c.long()}, a.Where, c.text(2)),
	}
}
