package message

import (
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
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

// joined are names in a row. One that is no plain name is in quotes, so that it looks like no other and like no two.
func joined(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = condition.Quoted(name)
	}
	return strings.Join(quoted, ", ")
}

// some is a number of things.
func some(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
