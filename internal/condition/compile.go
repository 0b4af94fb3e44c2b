package condition

import (
	"math"
	"strings"
	"time"

	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
)

// Compile checks an expression: it may use names, and must be of type want. A whole number is taken
// where a double is wanted. The expression may have 2000 bytes; what it costs is estimated and
// bounded. It has the operators and functions of standard CEL, but nothing that loops and no clock.
// The error is an *Error.
func Compile(text string, names Types, want Type) (Expression, error) {
	if t, ok := names[text]; ok && t == want {
		return Expression{Text: text, Result: want, Uses: Types{text: t}}, nil // most are a name alone
	}
	c, fault := compile(text, names, want)
	if fault != nil {
		return Expression{}, fault
	}
	e := Expression{Text: text, Result: want, Uses: c.uses}
	if len(e.Uses) == 0 { // so that it has a value now or never
		if _, err := e.Evaluate(nil, time.Time{}); err != nil {
			return Expression{}, whole("has no value: %s; correct it", err)
		}
	}
	return e, nil
}

// compiled is an expression that is ready to be planned.
type compiled struct {
	checked *ast.AST
	uses    Types
	bound   map[string]string
}

func compile(text string, names Types, want Type) (*compiled, *Error) {
	if len(text) > maxText {
		return nil, whole("is longer than %d bytes; split it", maxText)
	}
	if strings.TrimSpace(text) == "" {
		return nil, whole("is empty; write an expression")
	}
	e := shared()
	source := common.NewTextSource(text)
	parsed, errs := e.parser.Parse(source)
	if all := errs.GetErrors(); len(all) > 0 {
		return nil, syntaxError(text, all[0])
	}
	b := newBinder(parsed.SourceInfo(), e.functions, names)
	if b.bind(parsed.Expr()); b.fault != nil {
		return nil, b.fault
	}
	checked, errs := checker.Check(parsed, source, e.checker)
	if all := errs.GetErrors(); len(all) > 0 {
		return nil, typeError(all[0])
	}
	if fault := b.result(checked, want); fault != nil {
		return nil, fault
	}
	if b.costly {
		estimate, err := cost.Cost(checked, sizes{})
		if err != nil || estimate.Max > maxCost {
			return nil, whole("costs too much to evaluate: up to %d, and the limit is %d; write fewer or shorter parts", estimate.Max, maxCost)
		}
	}
	if len(b.uses) == 0 {
		b.uses = nil
	}
	return &compiled{checked, b.uses, b.bound}, nil
}

// result demands the type that is wanted, and one that is known everywhere on the way.
func (b *binder) result(checked *ast.AST, want Type) *Error {
	root := checked.Expr()
	got, known := typeOf(checked.GetType(root.ID()))
	switch {
	case known && (got == want || got == Int && want == Double):
	case known:
		return problemAt(b.place(leftmost(root)), "is of type %s; write an expression of type %s", got, want)
	default:
		return problemAt(b.place(leftmost(root)), "is not a single value; write an expression of type %s", want)
	}
	mixed := int64(math.MaxInt64)
	for id, t := range checked.TypeMap() {
		if t.IsExactType(types.DynType) {
			mixed = min(mixed, id)
		}
	}
	if mixed < math.MaxInt64 {
		return problemAt(checked.SourceInfo().GetStartLocation(mixed), "mixes types; write values of one type")
	}
	return nil
}

// leftmost is the part that an expression begins with.
func leftmost(e ast.Expr) ast.Expr {
	for e.Kind() == ast.CallKind {
		switch call := e.AsCall(); {
		case call.IsMemberFunction():
			e = call.Target()
		case len(call.Args()) > 1 && strings.ContainsAny(call.FunctionName()[:1], "_@"):
			e = call.Args()[0]
		default:
			return e
		}
	}
	return e
}

// finite says whether a number can be used.
func finite(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) }
