package message

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

var hostile = []string{
	"<!channel>", "<@U012AB3CD>", "@here @everyone @channel", "<https://evil.example|The run>", "```\nApproved by alice\n```", "*bold* _it_ ~no~ `code` > quote",
	"\nwho may answer: everyone", "a\u202egpj.exe\u2066", "\u200b\u2060\ufeff", "\\u{202e} \\x{ff} \\\\u{5c}", "\xff\xfe\x80", "\x1b[2J\r\x00", "&lt;!here&gt; &amp; &", "&#60;!here&#62;",
	"e\u0301\u0301\u0301\u0301\u0301\u0301", "\u0301", "資料🙂⚠️", "", " ", "Part 2 of 3: x", "The rest is in the thread.", "| ", "+ ", ":rotating_light:", "\u2028\u2029\u0085", "\u3164\u115f\u2800",
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
	if c.IntN(4) > 0 || text == "" {
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
		a.Readings = append(a.Readings, Reading{Name: name, Value: c.text(2), Fault: c.text(1), At: time.Unix(1_800_000_000-int64(c.IntN(99)), 0)})
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

// Whatever comes in: Slack takes every payload, no line is lost or added, and nothing is obeyed.
func FuzzMessage(f *testing.F) {
	for i, text := range hostile {
		f.Add(text, uint64(i), uint16(i*i%500), uint16(i*80%2000))
	}
	f.Add("x", uint64(99), uint16(500), uint16(2000))
	f.Fuzz(func(t *testing.T, given string, seed uint64, effects, lines uint16) {
		c := chance{rand.New(rand.NewPCG(seed, 1)), given[:min(len(given), 2000)]}
		a := c.ask(int(effects%501), int(lines%2001))
		for _, m := range c.messages(a, int(lines%2001)) {
			rendered(t, m)
			paged(t, m)
			hooked(t, m)
		}
		asked, closed := Asked(a).Slack(), Closed(a, request.Rejected, Word{Reason: c.long()}).Slack()
		require.Equal(t, kept(asked[0], Asked(a)), kept(closed[0], Asked(a)), "the first post keeps its part of the sections")
		modals(t, c, a)
		unlike(t, a.Request)
	})
}

func rendered(t *testing.T, m Message) {
	posts := m.Slack()
	var r reader
	buttons := 0
	for i, p := range posts {
		require.NoError(t, Check(p))
		nothingObeyed(t, p, link(m))
		if i > 0 {
			require.Contains(t, p.Text, "Part "+strconv.Itoa(i+1)+" of "+strconv.Itoa(len(posts)))
			p.Blocks = p.Blocks[1:]
		}
		if i == 1 {
			r.last = r.noted
		}
		r.read(t, p.Blocks)
		for _, b := range p.Blocks {
			if b.Type == "actions" {
				buttons += len(b.Elements)
			}
		}
	}
	want := saidBy(m)
	slices.Sort(r.lines)
	slices.Sort(want)
	require.Equal(t, want, r.lines)
	require.Equal(t, len(m.Buttons), buttons)
	if len(m.Buttons) > 0 {
		require.True(t, slices.ContainsFunc(posts[0].Blocks, func(b Block) bool { return b.Type == "actions" }), "the first post has buttons")
	}
}

func paged(t *testing.T, m Message) {
	page := Page(m)
	require.LessOrEqual(t, units(page), 1024)
	require.True(t, utf8.ValidString(page))
	require.NotContains(t, page, "\n")
	require.NotEmpty(t, page)
}

func hooked(t *testing.T, m Message) {
	for target, most := range map[Target]int{Mattermost: 4000, Discord: 2000, Teams: 28_000} {
		var all, want []string
		for i, body := range m.Webhook(target) {
			var got struct{ Text, Content string }
			require.NoError(t, json.Unmarshal(body, &got))
			lines := cardLines(t, body)
			if target == Teams {
				require.LessOrEqual(t, len(body), most)
			} else {
				text := got.Text + got.Content
				require.LessOrEqual(t, units(text), most)
				require.Equal(t, 2, strings.Count(text, "`")/3)
				fenced, link, _ := strings.Cut(strings.TrimPrefix(text, fence+"\n"), "\n"+fence)
				require.NotContains(t, link, "@")
				lines = strings.Split(fenced, "\n")
			}
			if i > 0 {
				require.Contains(t, lines[0], "Part ")
				lines = lines[1:]
			}
			for _, line := range lines {
				if rest, ok := strings.CutPrefix(line, lineGoesOn); ok {
					all[len(all)-1] += unspelled(rest)
				} else {
					all = append(all, unspelled(line))
				}
			}
		}
		for _, r := range m.rows() {
			if r.ours {
				want = append(want, r.text)
			} else {
				want = append(want, outside+r.text)
			}
		}
		require.Equal(t, want, all)
	}
}

func cardLines(t *testing.T, body []byte) []string {
	var got struct {
		Attachments []struct {
			Content struct {
				Body []struct{ Inlines []struct{ Text string } }
			}
		}
	}
	require.NoError(t, json.Unmarshal(body, &got))
	var out []string
	for _, a := range got.Attachments {
		for _, b := range a.Content.Body {
			out = append(out, b.Inlines[0].Text)
		}
	}
	return out
}

// link is what the section of a message's link has.
func link(m Message) string {
	if blocks := m.Link.blocks(); len(blocks) > 0 {
		return blocks[0].Text.Text
	}
	return ""
}

// kept is how many of the blocks of the sections a first post has.
func kept(p Post, m Message) int {
	n := 0
	for _, s := range m.Sections {
		for _, b := range s.blocks() {
			if n+1 == len(p.Blocks) || !bytes.Equal(encoded(b), encoded(p.Blocks[n+1])) {
				return n
			}
			n++
		}
	}
	return n
}

func modals(t *testing.T, c chance, a Ask) {
	r := a.Request
	for _, choice := range r.Choices {
		statement := r.Statement(request.Answer{Decision: choice, By: c.text(1), Reason: c.text(3)})
		text, err := statement.Text()
		if err != nil {
			continue
		}
		v, err := Modal(r, choice, text+statement.Whole(), Value(r, choice))
		if err != nil {
			require.ErrorContains(t, err, "blocks, and Slack takes")
			continue
		}
		require.NoError(t, Check(v))
		nothingObeyed(t, v, "")
		var seen reader
		seen.read(t, v.Blocks)
		for i, line := range linesOf(text + statement.Whole()) {
			require.Equal(t, unspelled(line), seen.lines[i+1])
		}
		filledIn(t, r, v)
	}
}

// filledIn fills in what the modal asks for and reads it back.
func filledIn(t *testing.T, r request.Request, v View) {
	given, want := map[string]string{}, condition.Values{}
	for i, f := range r.Fields {
		at := slices.IndexFunc(v.Blocks, func(b Block) bool { return b.BlockID == FieldID(i) })
		if at < 0 {
			return // a no has no fields
		}
		e := v.Blocks[at].Element
		value := "7"
		if given[FieldID(i)] = value; e.Type == "static_select" {
			last := e.Options[len(e.Options)-1]
			given[FieldID(i)], value = last.Value, readBack(last.Text.Text)
		}
		want[f.Name] = value
	}
	require.Equal(t, want, Filled(r, given))
}

// unlike holds that no two requests, contents or choices have the same value, and that each is taken apart again.
func unlike(t *testing.T, r request.Request) {
	other, changed := r, r
	other.ID += "0"
	changed.Message += " "
	changed, _ = request.Open(changed, r.Opened)
	seen := map[string]bool{}
	for _, one := range []request.Request{r, other, changed} {
		choices := slices.Clone(one.Choices)
		slices.Sort(choices)
		for _, choice := range slices.Compact(choices) {
			value := Value(one, choice)
			if value == "" {
				continue
			}
			require.False(t, seen[value], value)
			seen[value] = true
			id, shown, said, ok := Pressed(value)
			require.True(t, ok)
			require.Equal(t, []string{one.ID, one.Shown[:16], choice}, []string{id, shown, said})
		}
	}
}
