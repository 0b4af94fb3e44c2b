package runbook

import (
	"encoding/json"

	"github.com/evenkeel/evenkeel/internal/condition"
)

// UnmarshalJSON keeps whole numbers whole, as condition.Values does.
func (v *Value) UnmarshalJSON(text []byte) error {
	type plain Value
	err := json.Unmarshal(text, (*plain)(v))
	v.Constant = condition.Whole(v.Constant)
	return err
}

// UnmarshalJSON keeps whole numbers whole, as condition.Values does.
func (r *ItemResult) UnmarshalJSON(text []byte) error {
	type plain ItemResult
	err := json.Unmarshal(text, (*plain)(r))
	r.Value = condition.Whole(r.Value)
	return err
}
