package message

import (
	"strconv"
	"strings"
	"time"
)

// prefix is what a person is shown of a hash.
func prefix(hash string) string { return hash[:min(digits, len(hash))] }

// when is a time in the zone of the message, to the second; empty for none.
func (w Where) when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	zone := w.Zone
	if zone == nil {
		zone = time.UTC
	}
	return t.In(zone).Format("2006-01-02 15:04:05 MST")
}

func joined(names []string) string { return strings.Join(names, ", ") }

// some is a number of things.
func some(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
