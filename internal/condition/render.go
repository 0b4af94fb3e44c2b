package condition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"
	"time"
	"unicode/utf8"
)

// maxMessage bounds a message, in bytes; what is longer is cut and ends in "…".
const maxMessage = 4000

// RenderTemplate writes the text of a message. uses are what CompileTemplate returned for it. A name
// without a value, where the text shows it, is a *MissingError. A value cannot bring line breaks or
// other control characters into the text: they are escaped, so that they are seen.
func RenderTemplate(text string, uses Types, values Values) (string, error) {
	if _, err := CompileTemplate(text, uses); err != nil {
		return "", err
	}
	tree, fault := parseTemplate(text)
	if fault != nil {
		return "", fault
	}
	r := &renderer{uses: uses, values: values}
	if tree.Root == nil {
		return "", nil
	}
	if err := r.list(tree.Root); err != nil {
		return "", err
	}
	out := strings.ToValidUTF8(r.out.String(), string(utf8.RuneError)) // a text in quotes can hold any byte
	if len(out) <= maxMessage {
		return out, nil
	}
	end := maxMessage - len("…")
	for end > 0 && !utf8.RuneStart(out[end]) {
		end--
	}
	return out[:end] + "…", nil
}

// renderer writes what a checked template says.
type renderer struct {
	uses   Types
	values Values
	out    strings.Builder
}

func (r *renderer) list(l *parse.ListNode) error {
	if l == nil {
		return nil
	}
	for _, n := range l.Nodes {
		if r.out.Len() > maxMessage {
			return nil
		}
		var err error
		switch n := n.(type) {
		case *parse.TextNode:
			r.out.Write(n.Text)
		case *parse.ActionNode:
			err = r.action(n.Pipe.Cmds[0].Args)
		case *parse.IfNode:
			err = r.branch(n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *renderer) action(args []parse.Node) error {
	switch first := args[0].(type) {
	case *parse.FieldNode:
		v, err := r.value(first)
		fmt.Fprint(&r.out, v)
		return err
	case *parse.StringNode:
		r.out.WriteString(first.Text)
		return nil
	}
	var shown []any
	for _, arg := range args[2:] {
		v, err := r.value(arg)
		if err != nil {
			return err
		}
		shown = append(shown, v)
	}
	fmt.Fprintf(&r.out, args[1].(*parse.StringNode).Text, shown...)
	return nil
}

func (r *renderer) branch(n *parse.IfNode) error {
	v, err := r.value(n.Pipe.Cmds[0].Args[0])
	if err != nil {
		return err
	}
	if v == "" || v == false || v == int64(0) || v == 0.0 {
		return r.list(n.ElseList)
	}
	return r.list(n.List)
}

var controls = regexp.MustCompile(`\p{Cc}`)

// value is what a name stands for, fit to be shown.
func (r *renderer) value(n parse.Node) (any, error) {
	name := strings.Join(n.(*parse.FieldNode).Ident, ".")
	given, ok := r.values[name]
	if !ok || given == nil {
		return "", &MissingError{name}
	}
	if s, ok := given.(string); ok && len(s) > maxValue {
		given = s[:maxValue] // the whole message is shorter
	}
	v, err := Convert(given, r.uses[name])
	if err != nil {
		return "", fmt.Errorf("%s %w", name, err)
	}
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339), nil
	case string:
		return controls.ReplaceAllStringFunc(strings.ToValidUTF8(v, "�"), func(c string) string {
			return strings.Trim(strconv.Quote(c), `"`) // a line break is seen, and makes no line of its own
		}), nil
	}
	return v, nil
}
