package oncall

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Date is a day of the calendar, without a zone.
type Date struct {
	Year  int // 1 to 9999
	Month time.Month
	Day   int
}

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil || t.Year() < 1 {
		return fmt.Errorf("%s is no date; write one such as 2026-01-09", strictyaml.Quote(string(text)))
	}
	d.Year, d.Month, d.Day = t.Date()
	return nil
}

// String returns YYYY-MM-DD.
func (d Date) String() string { return d.midnight().Format(time.DateOnly) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// Friday is the date if it is a Friday, else the last one before it.
func (d Date) Friday() Date {
	back := (int(d.Weekday()) - int(time.Friday) + 7) % 7
	year, month, day := d.midnight().AddDate(0, 0, -back).Date()
	return Date{year, month, day}
}

func (d Date) midnight() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// number counts the days of the calendar.
func (d Date) number() int64 { return d.midnight().Unix() / int64(24*time.Hour/time.Second) }

// wallClocks are the forms of a time without an offset.
var wallClocks = []string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02 15:04:05"}

// ParseTime reads a time in whole seconds as people write it: RFC 3339, or the clock on the wall of zone, such as
// 2026-01-09T17:00. A time that this clock leaves out or shows twice is refused.
func ParseTime(text string, zone *time.Location) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil && t.Nanosecond() == 0 {
		return t.In(zone), nil
	}
	for _, form := range wallClocks {
		if wall, err := time.Parse(form, text); err == nil && wall.Nanosecond() == 0 {
			return onWall(text, wall, zone)
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time; write one of %s such as 2026-01-09T17:00, or RFC 3339", strictyaml.Quote(text), zone)
}

// onWall returns when the clock on the wall of zone shows what wall does in UTC.
func onWall(text string, wall time.Time, zone *time.Location) (time.Time, error) {
	const apart = 36 * time.Hour // more than any offset, and less than from one change of the clocks to the next
	var found []time.Time
	for _, near := range []time.Duration{-apart, apart} {
		_, offset := wall.Add(near).In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if t.Format(time.DateTime) == wall.Format(time.DateTime) && (found == nil || !found[0].Equal(t)) {
			found = append(found, t)
		}
	}
	switch len(found) {
	case 0:
		return time.Time{}, fmt.Errorf("%s is left out in %s, where the clocks are put forward then; write another time", strictyaml.Quote(text), zone)
	case 1:
		return found[0], nil
	default:
		return time.Time{}, fmt.Errorf("%s is there twice in %s, where the clocks are put back then; write it with an offset, such as %s",
			strictyaml.Quote(text), zone, found[0].Format(time.RFC3339))
	}
}
