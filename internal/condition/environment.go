package condition

import (
	"slices"
	"strconv"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/parser"
)

// What an expression may be at most.
const (
	maxText  = 2000 // bytes
	maxDepth = 40   // of brackets and operators
	maxNodes = 1000 // of the syntax tree
	maxRegex = 500  // instructions of a regular expression
	maxNames = 32   // different names of one type
	maxValue = 4096 // bytes of a text that it uses or returns
	// maxCost is in units of CEL: reading ten bytes of a text is one.
	maxCost = 250_000
)

// environment is what all expressions share. Making one takes longer than checking a file of
// expressions, so there is one for all: names are replaced by the variables of a pool before the
// types are checked.
type environment struct {
	env     *cel.Env
	checker *checker.Env
	parser  *parser.Parser
	// functions are the names that can be called, as people write them.
	functions []string
}

// shared panics only on a mistake in this file, which any test finds.
var shared = sync.OnceValue(func() *environment {
	e, err := newEnvironment()
	if err != nil {
		panic("condition: " + err.Error())
	}
	return e
})

var celTypeOf = map[Type]*cel.Type{
	String: cel.StringType, Int: cel.IntType, Double: cel.DoubleType, Bool: cel.BoolType, Time: cel.TimestampType,
}

// poolName is a variable of the pool. No expression can write it.
func poolName(t Type, i int) string { return "@" + string(t) + strconv.Itoa(i) }

func newEnvironment() (*environment, error) {
	// Without macros nothing loops, and without dyn every type is known.
	library := cel.StdLib(cel.StdLibSubset(&env.LibrarySubset{
		DisableMacros: true, ExcludeFunctions: []*env.Function{{Name: "dyn"}, {Name: "type"}},
	}))
	options := []cel.EnvOption{library, cel.CrossTypeNumericComparisons(true), cel.DefaultUTCTimeZone(true), cel.RegexProgramSizeLimit(maxRegex)}
	for t, celType := range celTypeOf {
		for i := range maxNames {
			options = append(options, cel.Variable(poolName(t, i), celType))
		}
	}
	e := &environment{}
	var err error
	if e.env, err = cel.NewCustomEnv(options...); err != nil {
		return nil, err
	}
	e.checker, err = checker.NewEnv(e.env.Container, e.env.CELTypeProvider(), checker.CrossTypeNumericComparisons(true))
	if err != nil {
		return nil, err
	}
	if err := e.checker.AddIdents(e.env.Variables()...); err != nil {
		return nil, err
	}
	for name, function := range e.env.Functions() {
		if err := e.checker.AddFunctions(function); err != nil {
			return nil, err
		}
		if _, isOperator := operators.FindReverse(name); !isOperator && name[0] != '@' && name[0] != '_' {
			e.functions = append(e.functions, name)
		}
	}
	slices.Sort(e.functions)
	// The library's newer parser is ten times as fast as its first one, and a fuzz test compares them.
	e.parser, err = parser.NewParser(
		parser.EnablePrattParser(true), parser.MaxRecursionDepth(maxDepth), parser.ExpressionSizeCodePointLimit(maxText),
		parser.MaxExpressionNodeCount(maxNodes),
	)
	return e, err
}

// typeOf is the type that definitions know; false for a list, a map and others.
func typeOf(t *types.Type) (Type, bool) {
	for name, celType := range celTypeOf {
		if t.IsExactType(celType) {
			return name, true
		}
	}
	return "", false
}
