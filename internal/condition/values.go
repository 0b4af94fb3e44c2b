package condition

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// exact is the largest whole number up to which a float64 has all of them.
const exact = 1 << 53

// Convert makes value what t says: a string, an int64, a float64, a bool or a time.Time. It undoes
// what JSON does to numbers and times, and loses nothing: what does not fit is an error.
func Convert(value any, t Type) (any, error) {
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
	return nil, fmt.Errorf("is %s; it must be of type %s", show(value), t)
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
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) <= exact
	case json.Number:
		i, err := v.Int64()
		return i, err == nil
	}
	return 0, false
}

func double64(value any) (float64, bool) {
	switch v := value.(type) {
	case float64:
		return v, finite(v)
	case float32:
		return float64(v), finite(float64(v))
	case json.Number:
		f, err := v.Float64()
		return f, err == nil && finite(f)
	}
	i, ok := whole64(value)
	return float64(i), ok && i >= -exact && i <= exact
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
		if want == Double {
			return Convert(int64(v), Double)
		}
		return int64(v), nil
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
