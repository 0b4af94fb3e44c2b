package message

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

func modals(t *testing.T, c chance, a Ask) {
	r := a.Request
	for _, choice := range r.Choices {
		statement := r.Statement(request.Answer{Decision: choice, By: c.text(1), Reason: c.text(3)})
		text, err := statement.Text()
		if err != nil {
			continue
		}
		v, err := Modal(r, Prompt{choice, text + statement.Whole(), Value(r, choice)})
		if err != nil {
			require.ErrorContains(t, err, "blocks, and Slack takes")
			continue
		}
		require.NoError(t, Check(v))
		nothingObeyed(t, v, "")
		require.Equal(t, choice != request.Reject && choice != "skip", v.Blocks[len(v.Blocks)-1].Optional, "the reason")
		var seen reader
		seen.read(t, v.Blocks)
		for i, line := range linesOf(text + statement.Whole()) {
			require.Equal(t, unspelled(line), seen.lines[i+1])
		}
		filledIn(t, r, v)
		short, err := Modal(r, Prompt{Choice: choice})
		if err != nil {
			require.ErrorContains(t, err, "blocks, and Slack takes")
			continue
		}
		require.NoError(t, Check(short))
		nothingObeyed(t, short, "")
		seen = reader{}
		seen.read(t, short.Blocks)
		for i, line := range append([]string{r.ID}, linesOf(r.Message)...) {
			require.Equal(t, cmp.Or(line, " "), seen.lines[i+1])
		}
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
			require.Equal(t, []string{one.ID, one.Shown, choice}, []string{id, shown, said})
		}
	}
}

// A default that a person would not see whole is not filled in, but named beside the field.
func TestDefaults(t *testing.T) {
	low, high := 0.5, 3.5
	for _, c := range []struct {
		field input.Field
		want  Element
	}{
		{input.Field{Type: condition.String, Default: "app-1"}, Element{Type: "plain_text_input", MaxLength: 3000, InitialValue: "app-1"}},
		{input.Field{Type: condition.String, Default: "app\u200b"}, Element{Type: "plain_text_input", MaxLength: 3000}},
		{input.Field{Type: condition.String, Default: "<!here>"}, Element{Type: "plain_text_input", MaxLength: 3000}},
		{input.Field{Type: condition.String, Default: of(3001)}, Element{Type: "plain_text_input", MaxLength: 3000}},
		{input.Field{Type: condition.Int, Default: 2, Min: &low, Max: &high}, Element{Type: "number_input", IsDecimalAllowed: no, InitialValue: "2", MinValue: "1", MaxValue: "3"}},
		{input.Field{Type: condition.Int, Default: 9, Min: &high, Max: &low}, Element{Type: "number_input", IsDecimalAllowed: no}},
		{input.Field{Type: condition.Double, Default: 1e-7, Max: &high}, Element{Type: "number_input", IsDecimalAllowed: new(true), InitialValue: "0.0000001", MaxValue: "3.5"}},
		{input.Field{Type: condition.Int, Default: "x"}, Element{Type: "number_input", IsDecimalAllowed: no}},
		{input.Field{Type: condition.String, Enum: []string{of(76)}, Default: of(76)}, Element{Type: "plain_text_input", MaxLength: 3000, InitialValue: of(76)}},
	} {
		require.Equal(t, &c.want, element(c.field), "%+v", c.field)
	}
	e := element(input.Field{Type: condition.Bool, Default: true})
	require.Equal(t, []string{"static_select", "true", "0"}, []string{e.Type, e.InitialOption.Text.Text, e.InitialOption.Value})
	r := request.Request{Fields: []input.Field{{Name: "a", Type: condition.Bool}, {Name: "b", Type: condition.String}}}
	require.Equal(t, condition.Values{"a": "false"}, Filled(r, map[string]string{"field.0": "1", "field.1": "", "field.2": "x", "reason": "y"}))
	require.Empty(t, Filled(r, map[string]string{"field.0": "2"}))
}
