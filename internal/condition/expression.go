// Package condition is the expressions of definitions: CEL, checked against declared names when a
// definition is loaded, bounded in cost and without a clock of its own when it is evaluated.
package condition

// Type is the type of a value that an expression can use or return.
type Type string

// The types that definitions can declare.
const (
	String Type = "string"
	Int    Type = "int"    // 64 bits
	Double Type = "double" // finite
	Bool   Type = "bool"
	Time   Type = "time" // CEL's timestamp; in Values RFC 3339 text
)

// Types are the names that expressions may use, each a dotted path such as "inputs.model", with
// the type of its value.
type Types map[string]Type

// Values are values by name. They survive JSON, where a number without a fraction comes back as an int64: it is
// converted to a double where one is declared.
type Values map[string]any

// Expression is a checked expression. It carries all that its evaluation needs, so that a run can
// keep it in its history.
type Expression struct {
	Text   string `json:"text"`
	Result Type   `json:"result"`
	// Uses are the names that it reads, with their types; nil for a constant.
	Uses Types `json:"uses,omitempty"`
}

// Zero says whether there is no expression.
func (e Expression) Zero() bool { return e.Text == "" }
