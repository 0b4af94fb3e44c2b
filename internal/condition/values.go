package condition

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// UnmarshalJSON keeps whole numbers whole.
func (v *Values) UnmarshalJSON(text []byte) error {
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return err
	}
	for name, value := range values {
		values[name] = Whole(value)
	}
	*v = values
	return nil
}

// Whole is a value that JSON was decoded to, with an int64 for a number that has no fraction: JSON knows one kind of
// number. A number too large to be exact stays as it is.
func Whole(decoded any) any {
	if f, ok := decoded.(float64); ok && f == math.Trunc(f) && math.Abs(f) <= strictyaml.Exact {
		return int64(f)
	}
	return decoded
}

// Convert makes value what t says: a string, an int64, a float64, a bool or a time.Time. It loses nothing, and nor does
// JSON behind it: what does not fit is an error, and what is of another type a TypeError.
func Convert(value any, t Type) (any, error) {
	if i, ok := whole64(value); ok && (t == Int || t == Double) {
		if problem := strictyaml.TooLarge(strconv.FormatInt(i, 10)); problem != "" {
			return nil, errors.New(problem)
		}
	}
	switch t {
	case String:
		if s, ok := value.(string); ok {
			if len(s) > maxValue {
				return nil, fmt.Errorf("has %d bytes; a text may have %d", len(s), maxValue)
			}
			return s, nil
		}
	case Bool:
		if b, ok := value.(bool); ok {
			return b, nil
		}
	case Int:
		if i, ok := whole64(value); ok {
			return i, nil
		}
	case Double:
		if f, ok := double64(value); ok {
			return f, nil
		}
	case Time:
		switch v := value.(type) {
		case time.Time:
			return v, nil
		case string:
			if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
				return at, nil
			}
		}
	}
	return nil, &TypeError{Value: value, Want: t}
}

// TypeError is the error of a value that is of another type than is wanted.
type TypeError struct {
	Value any
	Want  Type
}

// Error says what the value is and what it must be.
func (e *TypeError) Error() string {
	return fmt.Sprintf("is %s; it must be of type %s", show(e.Value), e.Want)
}

func show(value any) string {
	if s, ok := value.(string); ok {
		return strictyaml.Quote(s)
	}
	return tidy(fmt.Sprint(value))
}

func whole64(value any) (int64, bool) {
	switch v := value.(type) {
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	}
	return 0, false
}

func double64(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, finite(v)
	}
	i, ok := whole64(value)
	return float64(i), ok
}

// convert is Convert to a value of CEL.
func convert(value any, t Type) (ref.Val, error) {
	v, err := Convert(value, t)
	if err != nil {
		return nil, err
	}
	return types.DefaultTypeAdapter.NativeToValue(v), nil
}

// result makes a value of CEL one of Go.
func result(out ref.Val, want Type) (any, error) {
	switch v := out.(type) {
	case types.Bool:
		return bool(v), nil
	case types.Int:
		if want != Double {
			want = Int
		}
		n, err := Convert(int64(v), want)
		if err != nil {
			return nil, fmt.Errorf("the result %w", err)
		}
		return n, nil
	case types.Double:
		if !finite(float64(v)) {
			return nil, errors.New("the result is not a finite number")
		}
		return float64(v), nil
	case types.String:
		return Convert(string(v), String)
	case types.Timestamp:
		return v.UTC().Format(time.RFC3339Nano), nil
	}
	return nil, fmt.Errorf("the result is of type %s; it must be %s", out.Type().TypeName(), want)
}
