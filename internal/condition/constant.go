package condition

import (
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// Constant returns what the expression says whatever its names stand for; false when that depends on
// them.
func (e Expression) Constant() (any, bool) {
	// Most expressions have no part that could decide alone, which is soon seen.
	parsed, errs := shared().parser.Parse(common.NewTextSource(e.Text))
	if len(errs.GetErrors()) > 0 || !decides(parsed.Expr()) {
		return nil, false
	}
	p, err := planOf(e)
	if err != nil {
		return nil, false
	}
	nothing := make(bindings, len(p.bound))
	for variable, name := range p.bound {
		nothing[variable] = types.WrapErr(&MissingError{name})
	}
	value, err := p.run(nothing, e.Result)
	return value, err == nil
}

// decides says whether a part has no names and is more than a value to compare with.
func decides(e ast.Expr) bool {
	found := false
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(part ast.Expr) {
		_, isBool := part.AsLiteral().(types.Bool)
		found = found || isBool || part.Kind() == ast.CallKind && !named(part)
	}))
	return found || !named(e)
}

func named(e ast.Expr) bool {
	found := false
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(part ast.Expr) { found = found || part.Kind() == ast.IdentKind }))
	return found
}
