package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
)

// A long request: the first post has the buttons and how things are, and the effects go on in its thread, each once
// and in their order.
func TestThread(t *testing.T) {
	a := approval(t)
	a.Request.Allows = nil
	for i := range 500 {
		a.Request.Allows = append(a.Request.Allows, request.Effect{Step: fmt.Sprintf("s%03d", i), Attempt: 1, Uses: "command", Argv: []string{"rm", strings.Repeat("x", 60)}})
	}
	posts := Asked(a).Slack()
	require.Greater(t, len(posts), 3)
	first := string(encoded(posts[0]))
	for _, has := range []string{"A yes allows 500 effects", "1 of 2, alice", "until: ", `"value":"` + Value(a.Request, request.Reject), threaded + unread, a.Request.ID} {
		require.Contains(t, first, has)
	}
	var all strings.Builder
	for i, p := range posts {
		require.NoError(t, Check(p))
		require.LessOrEqual(t, len(p.Blocks), 50)
		require.Equal(t, i == 0, strings.Contains(string(encoded(p)), `"actions"`), "only the first has buttons")
		all.Write(encoded(p.Blocks))
	}
	at := 0
	for i, e := range a.Request.Allows {
		line := fmt.Sprintf("%d. s%03d: %s", i+1, i, e.Allowed())
		require.Equal(t, 1, strings.Count(all.String(), `\n`+line+`\n`), line)
		require.Greater(t, strings.Index(all.String(), line), at)
		at = strings.Index(all.String(), line)
	}
	closed := Closed(a, request.Granted, Word{By: "bob"}).Slack()
	require.NotContains(t, string(encoded(closed)), "button")
	for i := range posts[1:] {
		require.Equal(t, posts[i+1].Blocks[1:], closed[i+1].Blocks[1:], "what went to the thread stays as it is")
	}
}

// A fact that would be wrapped, or a line in it, is nothing that stands where our lines do.
func TestFactsForgeNothing(t *testing.T) {
	a := approval(t)
	a.Project = strings.Repeat(" ", 200) + "who may answer: everyone"
	a.Service = "app\nwho may answer: everyone"
	a.Request.Step = "ok on gpu-02"
	a.Request.Answers = []string{"alice, bob"}
	m := Asked(a)
	for line := range strings.SplitSeq(m.Text(), "\n") {
		require.False(t, strings.HasPrefix(strings.TrimSpace(line), "who may answer: everyone"))
		require.True(t, strings.HasPrefix(line, outside) || len(line) < 2*factMax, line)
	}
	require.Contains(t, m.Title, `"ok on gpu-02" on gpu-01`)
	require.Contains(t, m.Text(), `answered: 1 of 2, "alice, bob"`)
	for _, p := range m.Slack() {
		for _, b := range p.Blocks {
			if b.Text != nil && b.Text.Type == "plain_text" {
				require.NotContains(t, b.Text.Text, strings.Repeat(" ", 100))
				require.NotContains(t, b.Text.Text, "\nwho may answer: everyone")
			}
		}
	}
}

func TestLogIsItsEnd(t *testing.T) {
	a := approval(t)
	a.Log = nil
	for i := range 57 {
		a.Log = append(a.Log, fmt.Sprintf("line %d", i+1))
	}
	text := Asked(a).Text()
	require.Contains(t, text, "The last 20 of 57 lines of its log\n| line 38\n")
	require.NotContains(t, text, "line 37")
	a.Log, a.Readings = nil, nil
	require.NotContains(t, Asked(a).Text(), "log")
}

// Whoever may answer by a button is offered one for each choice, and nobody by what cannot be answered.
func TestButtons(t *testing.T) {
	for _, c := range []struct {
		kind request.Kind
		risk request.Risk
		want []Button
	}{
		{request.Approval, request.Destructive, []Button{{Text: "Approve", Style: Danger, Form: true}, {Text: "Reject", Form: true}}},
		{request.Approval, request.Write, []Button{{Text: "Approve", Style: Primary}, {Text: "Reject", Style: Danger, Form: true}}},
		{request.Confirmation, "", []Button{{Text: "Confirm", Style: Primary}, {Text: "Reject", Style: Danger, Form: true}}},
		{request.Input, "", []Button{{Text: "Fill in", Style: Primary, Form: true}, {Text: "Reject", Style: Danger, Form: true}}},
		{request.SignOff, "", []Button{{Text: "Sign off", Style: Primary}, {Text: "Reject", Style: Danger, Form: true}}},
		{request.Acknowledgement, "", []Button{{Text: "Acknowledge", Style: Primary}}},
		{request.Order, "", []Button{{Text: "Retry"}, {Text: "Abort", Form: true}}},
	} {
		r := approval(t).Request
		r.Kind, r.Risk, r.Choices = c.kind, c.risk, c.kind.Choices()
		if c.kind != request.Input {
			r.Fields = nil
		}
		r, _ = request.Open(r, opened)
		if c.kind == request.Order {
			r.Choices = []string{"retry", "abort"}
		}
		got := Buttons(r)
		for i := range got {
			require.Equal(t, Value(r, r.Choices[i]), got[i].Value)
			got[i].Value = ""
			answers, opens := ActionOf(Message{Buttons: got[i : i+1]}.actions()[0].Elements[0].(Element).ActionID)
			require.Equal(t, []bool{!c.want[i].Form, c.want[i].Form}, []bool{answers, opens})
		}
		require.Equal(t, c.want, got)
		r.Shown = ""
		require.Empty(t, Buttons(r))
	}
}
