package strictyaml

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// Duration is a length of time in whole seconds, written as 90s, 5m, 48h, 30d or 1h30m. A day is
// 24 hours.
type Duration time.Duration

var (
	durationForm  = regexp.MustCompile(`^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$`)
	durationUnits = []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second}
	bareNumber    = regexp.MustCompile(`^\d+$`)
)

// ParseDuration reads a Duration. A number without its unit is refused.
func ParseDuration(text string) (Duration, error) {
	if bareNumber.MatchString(text) {
		return 0, fmt.Errorf("%s has no unit; write 90s, 5m, 48h or 30d", plain(text))
	}
	parts := durationForm.FindStringSubmatch(text)
	if text == "" || parts == nil {
		return 0, fmt.Errorf("%s is not a duration; write 90s, 5m, 48h, 30d or 1h30m", Quote(text))
	}
	var total time.Duration
	for i, unit := range durationUnits {
		if parts[i+1] == "" {
			continue
		}
		n, err := strconv.ParseInt(parts[i+1], 10, 64)
		if err != nil || n > int64((math.MaxInt64-total)/unit) {
			return 0, fmt.Errorf("%s is longer than 292 years", Quote(text))
		}
		total += time.Duration(n) * unit
	}
	return Duration(total), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	*d = v
	return err
}

// Seconds returns the duration in whole seconds.
func (d Duration) Seconds() int { return int(time.Duration(d) / time.Second) }

// String returns the duration in the largest units that it fills, such as 1h30m.
func (d Duration) String() string {
	if d == 0 {
		return "0s"
	}
	out, rest := "", time.Duration(d)
	for i, unit := range durationUnits {
		if n := rest / unit; n > 0 {
			out += strconv.FormatInt(int64(n), 10) + string("dhms"[i])
			rest %= unit
		}
	}
	return out
}
