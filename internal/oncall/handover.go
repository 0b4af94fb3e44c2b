package oncall

import "time"

// afterHandOver is how long a hand-over is still the one that people speak about.
const afterHandOver = 12 * time.Hour

// HandOver is the end of a week of the rota and the beginning of the next.
type HandOver struct {
	At time.Time
	// Since is the hand-over before it, a week earlier by the calendar.
	Since time.Time
	// Roles are what becomes of each role, in the order of Roles.
	Roles []RoleHandOver
}

// RoleHandOver is who gives a role to whom; both may be the same person.
type RoleHandOver struct {
	Role Role
	// From has no person at the start of the rota.
	From Shift
	To   Shift
}

// HandOver returns the hand-over that people speak about at t: the last one for 12 hours after it, else the next one.
func (r *Rota) HandOver(t time.Time) HandOver {
	week := max(r.week(t.Add(-afterHandOver))+1, 0)
	h := HandOver{At: r.handOver(week), Since: r.handOver(week - 1)}
	for _, role := range Roles() {
		of := RoleHandOver{Role: role, From: Shift{Role: role}, To: r.shift(role, h.At)}
		if week > 0 {
			of.From = r.shift(role, h.At.Add(-time.Second)) // times of the rota are whole seconds
		}
		h.Roles = append(h.Roles, of)
	}
	return h
}
