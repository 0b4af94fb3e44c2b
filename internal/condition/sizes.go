package condition

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// sizes tells the estimator how long a text can be, which it takes for endless where nobody says.
type sizes struct{}

// longest is how many characters string(...) writes at most, by the overload of CEL. Each is the length of a value:
// false, -9223372036854775808, -1.7976931348623157e+308 and 2027-06-30T09:00:00.123456789+05:30. A duration is written
// in seconds as a double that has no exponent, of at most 17 digits: -9223372036.854776s and 1234567.0000000012s.
var longest = map[string]uint64{
	overloads.BoolToString: 5, overloads.IntToString: 20, overloads.UintToString: 20, overloads.DoubleToString: 24,
	overloads.TimestampToString: 35, overloads.DurationToString: 24,
}

// EstimateSize implements cost.Estimator.
func (sizes) EstimateSize(node cost.AstNode) *cost.SizeEstimate {
	if node.Type().IsExactType(types.StringType) && node.Expr().Kind() == ast.IdentKind {
		return &cost.SizeEstimate{Min: 0, Max: maxValue}
	}
	return nil
}

// EstimateCallCost implements cost.Estimator.
func (sizes) EstimateCallCost(_, overload string, _ *cost.AstNode, args []cost.AstNode) *cost.CallEstimate {
	if overload == overloads.StringToString {
		return cost.NewCallEstimate(cost.CallCostEstimate, args[0].ComputedSize())
	}
	if most, ok := longest[overload]; ok {
		return cost.NewCallEstimate(cost.CallCostEstimate, &cost.SizeEstimate{Min: 1, Max: most})
	}
	return nil
}
