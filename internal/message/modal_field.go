package message

import (
	"math"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/request"
)

// FieldID is the id of the block and of the element of a request's field, counted from 0.
func FieldID(i int) string { return "field." + strconv.Itoa(i) }

// Filled are the values of a request's fields from what came back of a modal: by the id of the block, the text, or the
// value of the option that was selected. What was left empty is left to its default.
func Filled(r request.Request, given map[string]string) condition.Values {
	out := condition.Values{}
	for i, f := range r.Fields {
		value := given[FieldID(i)]
		if value == "" {
			continue
		}
		if choices := options(f); choices != nil {
			n, err := strconv.Atoi(value)
			if err != nil || n < 0 || n >= len(choices) {
				continue // it is none that we offered
			}
			value = choices[n]
		}
		out[f.Name] = value
	}
	return out
}

// fieldBlocks are the input of a field, behind what does not fit into its label and its hint.
func fieldBlocks(i int, f input.Field) []Block {
	b := Block{Type: "input", BlockID: FieldID(i), Optional: f.Default != nil, Element: element(f)}
	b.Element.ActionID = b.BlockID
	var out []Block
	b.Label = short(f.Name, maxLabel)
	_, name := cut(slackPlain.letters(f.Name, false), maxLabel)
	hint, all := cut(slackPlain.letters(strings.TrimSpace(f.Description+" ("+bounds(f)+")"), false), maxLabel)
	if name && all {
		b.Hint = plainText(hint)
	} else {
		out = codeBlocks(fields([]input.Field{f}), slackCode)
	}
	return append(out, b)
}

// element is what a field of the type is filled in by.
func element(f input.Field) *Element {
	if choices := options(f); choices != nil {
		e := &Element{Type: "static_select"}
		for n, choice := range choices {
			o := Option{Text: short(choice, maxOptionText), Value: strconv.Itoa(n)}
			e.Options = append(e.Options, o)
			if f.Default != nil && condition.Spell(f.Default) == choice {
				e.InitialOption = &o
			}
		}
		return e
	}
	if f.Type == condition.Int || f.Type == condition.Double {
		decimal := f.Type == condition.Double
		e := &Element{Type: "number_input", IsDecimalAllowed: &decimal, InitialValue: initial(f, maxInitialNumber)}
		if f.Min == nil || f.Max == nil || whole(*f.Min, decimal, math.Ceil) <= whole(*f.Max, decimal, math.Floor) {
			e.MinValue, e.MaxValue = number(f.Min, decimal, math.Ceil), number(f.Max, decimal, math.Floor)
		}
		return e
	}
	return &Element{Type: "plain_text_input", MaxLength: maxInitialValue, InitialValue: initial(f, maxInitialValue)}
}

// options are the choices of a field that is chosen; nil of one that is written, also since an option could not say it
// whole, or would look like another.
func options(f input.Field) []string {
	choices := f.Enum
	if f.Type == condition.Bool {
		choices = []string{"true", "false"}
	}
	if len(choices) == 0 || len(choices) > maxOptions || f.Type == condition.Int || f.Type == condition.Double {
		return nil
	}
	for _, choice := range choices {
		if _, fits := cut(slackPlain.letters(choice, false), maxOptionText); !fits || strings.TrimSpace(choice) == "" {
			return nil
		}
	}
	return choices
}

// initial is the default where a person sees all of it and it is one that the field takes; else the field is left empty,
// and its hint says what then counts.
func initial(f input.Field, most int) string {
	value, err := condition.Convert(condition.Whole(f.Default), f.Type)
	if err != nil || f.Check(value) != "" {
		return ""
	}
	text := condition.Spell(value)
	if _, ok := value.(float64); ok {
		text = condition.Quoted(value) // never with an exponent
	}
	if units(text) > most || slackPlain.line(text) != text {
		return ""
	}
	return text
}

// number is a bound; empty where there is none. Where whole numbers have none between both, Slack would not take them.
func number(bound *float64, decimal bool, to func(float64) float64) string {
	if bound == nil || math.IsNaN(*bound) || math.IsInf(*bound, 0) {
		return ""
	}
	return strconv.FormatFloat(whole(*bound, decimal, to), 'f', -1, 64)
}

func whole(n float64, decimal bool, to func(float64) float64) float64 {
	if decimal {
		return n
	}
	return to(n)
}
