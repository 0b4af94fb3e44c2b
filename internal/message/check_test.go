package message

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/request"
)

func of(n int) string { return strings.Repeat("x", n) }

func sections(n int) []Block {
	var out []Block
	for range n {
		out = append(out, Block{Type: "section", Text: plainText("x")})
	}
	return out
}

func buttons(n int, b Button) Block {
	out := Block{Type: "actions", BlockID: "b"}
	for i := range n {
		out.Elements = append(out.Elements, Element{Type: "button", ActionID: strconv.Itoa(i), Text: plainText(b.Text), Value: b.Value})
	}
	return out
}

func contexts(n int) Block {
	out := Block{Type: "context"}
	for range n {
		out.Elements = append(out.Elements, plainText("x"))
	}
	return out
}

func asked(e Element) Block {
	return Block{Type: "input", BlockID: "i", Label: plainText("x"), Element: &e}
}

func selects(n, length int) Element {
	out := Element{Type: "static_select", ActionID: "s"}
	for i := range n {
		out.Options = append(out.Options, Option{Text: plainText(of(length)), Value: strconv.Itoa(i)})
	}
	return out
}

func named(id, action string) Block {
	return Block{Type: "actions", BlockID: id, Elements: []any{Element{Type: "button", ActionID: action, Text: plainText("x"), Value: "x"}}}
}

// Each limit as it is, and one beyond it.
func TestCheckBlocks(t *testing.T) {
	for name, c := range map[string]struct{ good, bad []Block }{
		"blocks":               {sections(50), sections(51)},
		"no blocks":            {sections(1), nil},
		"section":              {[]Block{{Type: "section", Text: plainText(of(3000))}}, []Block{{Type: "section", Text: plainText(of(3001))}}},
		"section in code":      {[]Block{{Type: "section", Text: mrkdwn("```\n" + of(2992) + "\n```")}}, []Block{{Type: "section", Text: mrkdwn("```\n" + of(2993) + "\n```")}}},
		"empty":                {sections(1), []Block{{Type: "section", Text: plainText("")}}},
		"UTF-16":               {[]Block{{Type: "header", Text: plainText(strings.Repeat("🙂", 75))}}, []Block{{Type: "header", Text: plainText(strings.Repeat("🙂", 76))}}},
		"header":               {[]Block{{Type: "header", Text: plainText(of(150))}}, []Block{{Type: "header", Text: plainText(of(151))}}},
		"header in mrkdwn":     {[]Block{{Type: "header", Text: plainText("x")}}, []Block{{Type: "header", Text: mrkdwn("x")}}},
		"actions":              {[]Block{buttons(25, Button{Text: "x", Value: "x"})}, []Block{buttons(26, Button{Text: "x", Value: "x"})}},
		"no actions":           {[]Block{buttons(1, Button{Text: "x", Value: "x"})}, []Block{buttons(0, Button{})}},
		"button's text":        {[]Block{buttons(1, Button{Text: of(75), Value: "x"})}, []Block{buttons(1, Button{Text: of(76), Value: "x"})}},
		"button's value":       {[]Block{buttons(1, Button{Text: "x", Value: of(2000)})}, []Block{buttons(1, Button{Text: "x", Value: of(2001)})}},
		"context":              {[]Block{contexts(10)}, []Block{contexts(11)}},
		"block_id":             {[]Block{named(of(255), "a")}, []Block{named(of(256), "a")}},
		"block_id is there":    {[]Block{named("b", "a")}, []Block{named("", "a")}},
		"block_id once":        {[]Block{named("b", "a"), named("c", "d")}, []Block{named("b", "a"), named("b", "d")}},
		"action_id":            {[]Block{named("b", of(255))}, []Block{named("b", of(256))}},
		"action_id is there":   {[]Block{named("b", "a")}, []Block{named("b", "")}},
		"action_id once":       {[]Block{named("b", "a"), named("c", "d")}, []Block{named("b", "a"), named("c", "a")}},
		"total":                {[]Block{{Type: "section", Text: plainText(of(2900))}, {Type: "section", Text: plainText(of(2900))}}, many(5, 2900)},
		"kind":                 {sections(1), []Block{{Type: "image"}}},
		"hidden":               {sections(1), []Block{{Type: "section", Text: plainText("a\u202eb")}}},
		"mention":              {[]Block{{Type: "section", Text: plainText("&lt;!here&gt;")}}, []Block{{Type: "section", Text: plainText("<!here>")}}},
		"entity":               {[]Block{{Type: "section", Text: plainText("&amp;lt;")}}, []Block{{Type: "section", Text: plainText("&#60;")}}},
		"mrkdwn":               {[]Block{{Type: "section", Text: mrkdwn("```\n*x*\n```")}}, []Block{{Type: "section", Text: mrkdwn("*x*")}}},
		"end of a fence":       {[]Block{{Type: "section", Text: mrkdwn("```\nx\n```")}}, []Block{{Type: "section", Text: mrkdwn("```\nx```<!here>```\n```")}}},
		"mention in code":      {[]Block{{Type: "section", Text: mrkdwn("```\n&lt;\n```")}}, []Block{{Type: "section", Text: mrkdwn("```\n<!here>\n```")}}},
		"link":                 {[]Block{{Type: "section", Text: mrkdwn("<https://a.b/c%7C|x>")}}, []Block{{Type: "section", Text: mrkdwn("<javascript:a|x>")}}},
		"verbatim":             {[]Block{{Type: "section", Text: mrkdwn("```\nx\n```")}}, []Block{{Type: "section", Text: &Text{Type: "mrkdwn", Text: "```\nx\n```"}}}},
		"emoji":                {sections(1), []Block{{Type: "section", Text: &Text{Type: "plain_text", Text: "x"}}}},
		"a number's bounds":    {[]Block{asked(Element{Type: "number_input", ActionID: "n", IsDecimalAllowed: no, MinValue: "1", MaxValue: "1"})}, []Block{asked(Element{Type: "number_input", ActionID: "n", IsDecimalAllowed: no, MinValue: "2", MaxValue: "1"})}},
		"a whole number":       {[]Block{asked(Element{Type: "number_input", ActionID: "n", IsDecimalAllowed: no, InitialValue: "1"})}, []Block{asked(Element{Type: "number_input", ActionID: "n", IsDecimalAllowed: no, InitialValue: "1.5"})}},
		"a text's length":      {[]Block{asked(Element{Type: "plain_text_input", ActionID: "t", MaxLength: 3000})}, []Block{asked(Element{Type: "plain_text_input", ActionID: "t", MaxLength: 3001})}},
		"options":              {[]Block{asked(selects(100, 1))}, []Block{asked(selects(101, 1))}},
		"an option's text":     {[]Block{asked(selects(1, 75))}, []Block{asked(selects(1, 76))}},
		"label":                {[]Block{{Type: "input", BlockID: "i", Label: plainText(of(2000)), Element: &Element{Type: "plain_text_input", ActionID: "t", MaxLength: 1}}}, []Block{{Type: "input", BlockID: "i", Label: plainText(of(2001)), Element: &Element{Type: "plain_text_input", ActionID: "t", MaxLength: 1}}}},
		"an input's element":   {[]Block{asked(selects(1, 1))}, []Block{{Type: "input", BlockID: "i", Label: plainText("x")}}},
		"another element":      {[]Block{asked(selects(1, 1))}, []Block{asked(Element{Type: "checkboxes", ActionID: "c"})}},
		"elements are buttons": {[]Block{named("b", "a")}, []Block{{Type: "actions", BlockID: "b", Elements: []any{plainText("x")}}}},
	} {
		require.NoError(t, Check(post("x", c.good)), name)
		require.Error(t, Check(post("x", c.bad)), name)
	}
}

func many(n, length int) []Block {
	var out []Block
	for range n {
		out = append(out, Block{Type: "section", Text: plainText(of(length))})
	}
	return out
}

func TestCheckPost(t *testing.T) {
	good := post(of(4000), sections(1))
	require.NoError(t, Check(good))
	for name, change := range map[string]func(*Post){
		"text": func(p *Post) { p.Text += "x" }, "no text": func(p *Post) { p.Text = "" }, "mention": func(p *Post) { p.Text = "<!here>" },
		"parse": func(p *Post) { p.Parse = "full" }, "link_names": func(p *Post) { p.LinkNames = true }, "mrkdwn": func(p *Post) { p.Mrkdwn = true }, "unfurl": func(p *Post) { p.UnfurlLinks = true },
	} {
		bad := good
		change(&bad)
		require.Error(t, Check(bad), name)
	}
}

func TestCheckView(t *testing.T) {
	good := View{Type: "modal", CallbackID: of(255), Title: plainText(of(24)), Submit: plainText(of(24)), Close: plainText(of(24)), PrivateMetadata: of(3000), Blocks: sections(100)}
	require.NoError(t, Check(good))
	for name, change := range map[string]func(*View){
		"type": func(v *View) { v.Type = "home" }, "callback_id": func(v *View) { v.CallbackID += "x" }, "title": func(v *View) { v.Title = plainText(of(25)) }, "submit": func(v *View) { v.Submit = plainText(of(25)) },
		"close": func(v *View) { v.Close = nil }, "private_metadata": func(v *View) { v.PrivateMetadata += "x" }, "blocks": func(v *View) { v.Blocks = sections(101) },
	} {
		bad := good
		change(&bad)
		require.Error(t, Check(bad), name)
	}
	_, err := Modal(approval(t).Request, Prompt{Choice: request.Approve, Statement: "x", Metadata: of(3001)})
	require.ErrorContains(t, err, "private_metadata")
	_, err = Modal(approval(t).Request, Prompt{Choice: request.Approve, Statement: strings.Repeat(of(2500)+"\n", 100)})
	require.ErrorContains(t, err, "answer on a host")
}
