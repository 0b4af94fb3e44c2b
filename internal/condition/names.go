package condition

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// binder replaces the names of an expression by variables of the pool and refuses what expressions
// cannot have. It keeps the first fault.
type binder struct {
	info      *ast.SourceInfo
	functions []string
	names     Types
	bound     map[string]string // names by the variable of the pool that stands for them
	variables map[string]string // and the other way round
	places    map[int64]common.Location
	count     map[Type]int
	uses      Types
	// costly says that there is more than comparing, of which no text can hold enough to matter.
	costly bool
	fault  *Error
}

func newBinder(info *ast.SourceInfo, functions []string, names Types) *binder {
	return &binder{
		info: info, functions: functions, names: names, bound: map[string]string{}, variables: map[string]string{},
		places: map[int64]common.Location{}, count: map[Type]int{}, uses: Types{},
	}
}

var factory = ast.NewExprFactory()

func (b *binder) fail(e ast.Expr, format string, args ...any) {
	if b.fault == nil {
		b.fault = problemAt(b.place(e), format, args...)
	}
}

// place is where an expression begins.
func (b *binder) place(e ast.Expr) common.Location {
	for e.Kind() == ast.SelectKind {
		e = e.AsSelect().Operand()
	}
	if at, ok := b.places[e.ID()]; ok {
		return at
	}
	return b.info.GetStartLocation(e.ID())
}

func (b *binder) bind(e ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind, ast.SelectKind:
		if path, ok := pathOf(e); ok {
			b.name(e, path)
			return
		}
		b.bind(e.AsSelect().Operand())
	case ast.CallKind:
		b.call(e)
	case ast.ListKind:
		for _, item := range e.AsList().Elements() {
			b.bind(item)
		}
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			b.bind(entry.AsMapEntry().Key())
			b.bind(entry.AsMapEntry().Value())
		}
	case ast.LiteralKind:
		if n, isInt := e.AsLiteral().Value().(int64); isInt {
			if problem := strictyaml.TooLarge(strconv.FormatInt(n, 10)); problem != "" {
				b.fail(e, "%d %s", n, problem)
			}
		}
	default:
		b.fail(e, "builds a message, which no condition needs; write values and operators")
	}
}

// pathOf is the dotted path that an expression is; false when it is something else.
func pathOf(e ast.Expr) (string, bool) {
	if e.Kind() == ast.SelectKind {
		path, ok := pathOf(e.AsSelect().Operand())
		return path + "." + e.AsSelect().FieldName(), ok
	}
	if e.Kind() == ast.IdentKind {
		return e.AsIdent(), true
	}
	return "", false
}

func (b *binder) name(e ast.Expr, path string) {
	t, ok := b.names[path]
	if !ok {
		b.fail(e, "%s", unknownName(path, b.names))
		return
	}
	variable, ok := b.variables[path]
	if !ok {
		if b.count[t] == maxNames {
			b.fail(e, "uses more than %d names of type %s; split it", maxNames, t)
			return
		}
		variable = poolName(t, b.count[t])
		b.count[t]++
		b.variables[path], b.bound[variable] = variable, path
		b.uses[path] = t
	}
	b.places[e.ID()] = b.place(e) // a path has its own place at the last dot
	e.SetKindCase(factory.NewIdent(e.ID(), variable))
}

// unknownName says what is wrong with a name that is not declared.
func unknownName(path string, names Types) string {
	valid := slices.Sorted(maps.Keys(names))
	for parent := path; strings.Contains(parent, "."); {
		parent = parent[:strings.LastIndex(parent, ".")]
		if t, ok := names[parent]; ok {
			return parent + " is one " + string(t) + " and holds no other names; write " + parent
		}
	}
	var below []string
	for _, name := range valid {
		if strings.HasPrefix(name, path+".") {
			below = append(below, name)
		}
	}
	if len(below) > 0 {
		return strictyaml.Quote(path) + " is no value but holds some; " + nearest("", below)
	}
	return "unknown name " + strictyaml.Quote(path) + "; " + nearest(path, valid)
}

var macros = map[string]string{
	"has": "use the name, and a missing value fails what needs it",
	"all": "", "exists": "", "exists_one": "", "map": "", "filter": "",
}

func (b *binder) call(e ast.Expr) {
	call := e.AsCall()
	function := call.FunctionName()
	_, isOperator := operators.FindReverse(function)
	isOperator = isOperator || function == operators.Conditional || function == operators.Index
	if hint, isMacro := macros[function]; isMacro {
		if hint == "" {
			hint = "there are no lists to go through; write VALUE in [A, B]"
		}
		b.fail(e, "%s is not available; %s", function, hint)
	} else if !isOperator && !slices.Contains(b.functions, function) {
		b.fail(e, "there is no function %s; %s", strictyaml.Quote(function), nearest(function, b.functions))
	}
	b.costly = b.costly || !isOperator || function == operators.Add || function == operators.In
	if call.IsMemberFunction() {
		b.bind(call.Target())
	}
	for _, arg := range call.Args() {
		b.bind(arg)
	}
	if args := call.Args(); len(args) > 0 {
		b.literal(function, args[len(args)-1])
	}
}

// literal checks text that is itself in a language.
func (b *binder) literal(function string, arg ast.Expr) {
	text, isText := "", false
	if arg.Kind() == ast.LiteralKind {
		text, isText = arg.AsLiteral().Value().(string)
	}
	switch {
	case function == "matches" && !isText:
		b.fail(arg, "matches takes no computed pattern; write it in quotes")
	case function == "matches":
		if _, err := regexp.Compile(text); err != nil {
			b.fail(arg, "%s is not a pattern; write a regular expression of Go", strictyaml.Quote(text))
		} else if size, err := types.RegexProgramSize(text); err == nil && size > maxRegex {
			b.fail(arg, "the pattern is too large; it may have %d instructions and has %d", maxRegex, size)
		}
	case function == "duration" && isText && types.IsError(types.String(text).ConvertToType(types.DurationType)):
		b.fail(arg, "%s is not a duration; write 90s, 5m or 1h30m", strictyaml.Quote(text))
	case function == "timestamp" && isText && types.IsError(types.String(text).ConvertToType(types.TimestampType)):
		b.fail(arg, "%s is not a time; write it as 2027-06-30T09:00:00Z", strictyaml.Quote(text))
	case slices.Contains(ofTime, function) && isText && !isZone(text):
		b.fail(arg, "%s is not a time zone; write a name such as Europe/Vienna, or +01:00", strictyaml.Quote(text))
	}
}

// ofTime are the members of a time that take a zone.
var ofTime = []string{
	overloads.TimeGetFullYear, overloads.TimeGetMonth, overloads.TimeGetDayOfYear, overloads.TimeGetDate, overloads.TimeGetDayOfMonth,
	overloads.TimeGetDayOfWeek, overloads.TimeGetHours, overloads.TimeGetMinutes, overloads.TimeGetSeconds, overloads.TimeGetMilliseconds,
}

// isZone asks the library itself. The zone of the machine is none: a run may be continued by another one.
func isZone(text string) bool {
	hours := types.Timestamp{}.Receive(overloads.TimeGetHours, overloads.TimestampToHoursWithTz, []ref.Val{types.String(text)})
	return text != time.Local.String() && !types.IsError(hours)
}
