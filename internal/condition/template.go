package condition

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template/parse"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// CompileTemplate checks the text of a message and returns the names that it reads. It is a Go
// template with {{ .inputs.model }}, {{ printf "%.1f" .probes.p95.value }} and {{ if }}, {{ else }},
// {{ end }} on names; it has no other functions and nothing that loops. It may have 2000 bytes. The
// error is an *Error.
func CompileTemplate(text string, names Types) (Types, error) {
	c := &templateChecker{names: names, uses: Types{}, text: text}
	tree, fault := parseTemplate(text)
	if fault != nil {
		return nil, fault
	}
	if tree.Root != nil {
		c.list(tree.Root)
	}
	if c.fault != nil {
		return nil, c.fault
	}
	if len(c.uses) == 0 {
		return nil, nil
	}
	return c.uses, nil
}

var templatePosition = regexp.MustCompile(`^template: message:(\d+):(?:\d+:)? ?`)

func parseTemplate(text string) (*parse.Tree, *Error) {
	if len(text) > maxText {
		return nil, whole("is longer than %d bytes; shorten it", maxText)
	}
	if !utf8.ValidString(text) {
		return nil, whole("is not UTF-8; save the file as UTF-8")
	}
	tree := parse.New("message")
	tree.Mode = parse.SkipFuncCheck
	set := map[string]*parse.Tree{}
	if _, err := tree.Parse(text, "", "", set); err != nil {
		problem, line := err.Error(), 0
		if m := templatePosition.FindStringSubmatch(problem); m != nil {
			line, _ = strconv.Atoi(m[1])
			problem = problem[len(m[0]):]
		}
		if line > 1 {
			problem = fmt.Sprintf("line %d: %s", line, problem)
		}
		return nil, whole("is not a template: %s; write {{ .inputs.NAME }}", tidy(problem))
	}
	for _, other := range set {
		if other != tree {
			return nil, whole("defines a template; write the text itself")
		}
	}
	return tree, nil
}

// templateChecker goes through a template and keeps the first fault.
type templateChecker struct {
	names, uses Types
	text        string
	fault       *Error
}

func (c *templateChecker) fail(n parse.Node, format string, args ...any) {
	if c.fault != nil {
		return
	}
	before := c.text[:c.begin(n)]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	c.fault = &Error{Line: line, Column: column, Problem: fmt.Sprintf(format, args...)}
}

// begin is where the name, or the action, begins that n is: the parser's place lies inside of it.
func (c *templateChecker) begin(n parse.Node) int {
	at := min(int(n.Position()), len(c.text))
	begin := -1
	switch n := n.(type) {
	case *parse.FieldNode:
		path := n.String()
		begin = strings.LastIndex(c.text[:min(at+len(path), len(c.text))], path)
	case *parse.RangeNode, *parse.WithNode, *parse.TemplateNode:
		begin = strings.LastIndex(c.text[:at], "{{")
	}
	if begin < 0 {
		return at
	}
	return begin
}

func (c *templateChecker) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		switch n := n.(type) {
		case *parse.TextNode, *parse.CommentNode:
		case *parse.ActionNode:
			c.pipe(n.Pipe, true)
		case *parse.IfNode:
			c.pipe(n.Pipe, false)
			c.list(n.List)
			c.list(n.ElseList)
		default:
			c.fail(n, "a message has no %s; write names, printf and if", word(n))
		}
	}
}

// word is what an action begins with.
func word(n parse.Node) string {
	return strings.Trim(strings.Fields(strings.TrimPrefix(n.String(), "{{"))[0], "}")
}

// pipe checks what stands in one action: a name, or printf where that may be.
func (c *templateChecker) pipe(p *parse.PipeNode, printf bool) {
	switch {
	case len(p.Decl) > 0:
		c.fail(p, "a message has no variables; write the name itself")
		return
	case len(p.Cmds) != 1:
		c.fail(p, `a message has no pipes; write printf "%%s" .inputs.NAME`)
		return
	}
	args := p.Cmds[0].Args
	switch first := args[0].(type) {
	case *parse.FieldNode:
		if len(args) > 1 {
			c.fail(args[1], "a name takes no arguments; write it alone")
		}
		c.field(first)
	case *parse.IdentifierNode:
		switch {
		case first.Ident != "printf":
			c.fail(first, "there is no function %s in a message; write names, printf and if", strictyaml.Quote(first.Ident))
		case !printf:
			c.fail(first, "if takes a name; write {{ if .inputs.NAME }}")
		default:
			c.printf(first, args[1:])
		}
	case *parse.StringNode:
		if len(args) > 1 || !printf {
			c.fail(first, "text stands outside of the braces; write names, printf and if")
		}
	case *parse.PipeNode, *parse.ChainNode:
		c.fail(first, "a message has no brackets; write the name itself")
	default:
		c.fail(first, "%s is no name; write one such as .inputs.NAME", strictyaml.Quote(first.String()))
	}
}

func (c *templateChecker) field(n *parse.FieldNode) Type {
	path := strings.Join(n.Ident, ".")
	t, ok := c.names[path]
	if !ok {
		c.fail(n, "%s", unknownName(path, c.names))
		return ""
	}
	c.uses[path] = t
	return t
}
