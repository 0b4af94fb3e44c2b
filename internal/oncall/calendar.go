package oncall

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// utcForm is a time of iCalendar in UTC.
const utcForm = "20060102T150405Z"

// Calendar returns shifts as iCalendar (RFC 5545), one event for each. An event keeps its UID as long as the rota has
// its start and zone and the shift its role and beginning, so that a later calendar changes it in place. changed is when
// the rota was changed last.
func (r *Rota) Calendar(shifts []Shift, changed time.Time) string {
	var out strings.Builder
	line := func(name, value string) { out.WriteString(folded(name + ":" + value)) }
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//evenkeel//on call//EN")
	line("CALSCALE", "GREGORIAN")
	for _, s := range shifts {
		line("BEGIN", "VEVENT")
		line("UID", r.uid(s))
		line("DTSTAMP", changed.UTC().Format(utcForm))
		line("DTSTART", s.Since.UTC().Format(utcForm))
		line("DTEND", s.Until.UTC().Format(utcForm))
		line("SUMMARY", escaped(fmt.Sprintf("On call, %s: %s", s.Role, s.Who)))
		if s.Reason != "" {
			line("DESCRIPTION", escaped("Override: "+s.Reason))
		}
		line("TRANSP", "TRANSPARENT") // who is on call can still be invited
		line("END", "VEVENT")
	}
	line("END", "VCALENDAR")
	return out.String()
}

// uid has the start and the zone in it, because a calendar may hold the events of several installations.
func (r *Rota) uid(s Shift) string {
	zone := strings.ToLower(strings.ReplaceAll(r.Zone.String(), "/", "-"))
	return fmt.Sprintf("%s-%s@%s.%s.oncall.evenkeel", s.Role, s.Since.UTC().Format(utcForm), r.Start, zone)
}

// escaped makes a value of iCalendar's type TEXT.
var escaped = strings.NewReplacer(`\`, `\\`, ";", `\;`, ",", `\,`, "\r\n", `\n`, "\n", `\n`).Replace

// maxLine is how long a line of iCalendar may be, in bytes, without its end.
const maxLine = 75

// folded ends a line, and breaks it where it is too long, between two characters.
func folded(line string) string {
	var out strings.Builder
	width := 0
	for _, r := range line {
		size := utf8.RuneLen(r)
		if width+size > maxLine {
			out.WriteString("\r\n ")
			width = 1
		}
		out.WriteRune(r)
		width += size
	}
	return out.String() + "\r\n"
}
