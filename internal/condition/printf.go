package condition

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template/parse"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// A verb of printf has at most three digits of width and two of precision: a message stays short.
var verbs = regexp.MustCompile(`%[-+ 0#]*\d{0,3}(?:\.\d{0,2})?(.)?`)

// verbTypes are the types that a verb can show.
var verbTypes = map[string][]Type{
	"v": {String, Int, Double, Bool, Time}, "s": {String, Time}, "q": {String, Time}, "d": {Int}, "x": {Int, String},
	"f": {Double}, "g": {Double}, "e": {Double}, "t": {Bool},
}

func (c *templateChecker) printf(at parse.Node, args []parse.Node) {
	var format *parse.StringNode
	if len(args) > 0 {
		format, _ = args[0].(*parse.StringNode)
	}
	if format == nil {
		c.fail(at, `printf needs its format in quotes; write printf "%%.1f" .probes.NAME.value`)
		return
	}
	var wanted []string
	for _, m := range verbs.FindAllStringSubmatch(format.Text, -1) {
		if m[1] == "%" {
			continue
		}
		if verbTypes[m[1]] == nil {
			c.fail(format, "%s is no verb that a message has; write one of %s", strictyaml.Quote(m[0]), strings.Join(slices.Sorted(maps.Keys(verbTypes)), " "))
			return
		}
		wanted = append(wanted, m[1])
	}
	if len(wanted) != len(args)-1 {
		c.fail(format, "the format has %d verbs for %d names; give each its own", len(wanted), len(args)-1)
		return
	}
	for i, arg := range args[1:] {
		field, ok := arg.(*parse.FieldNode)
		if !ok {
			c.fail(arg, "printf shows names; write one such as .inputs.NAME")
			return
		}
		if t := c.field(field); t != "" && !slices.Contains(verbTypes[wanted[i]], t) {
			c.fail(arg, "%%%s does not show a value of type %s; write %%v", wanted[i], t)
		}
	}
}
