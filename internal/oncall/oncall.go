// Package oncall says who is on call at a time: a rota that is handed over every Friday at 17:00 by the clock on the
// wall, and overrides of it. It reads no clock.
package oncall

import (
	"slices"
	"strings"
	"time"
)

// Role is what somebody on call does.
type Role string

// The roles. Each has one person at every time since the start of a rota.
const (
	Primary   Role = "primary"   // is called first
	Secondary Role = "secondary" // is called when the primary does not answer
	Commander Role = "commander" // leads an incident
)

// Roles are all roles, in the order in which they are shown.
func Roles() []Role { return []Role{Primary, Secondary, Commander} }

// prefix begins what names a role where groups and their members are named; no group and no person has a colon.
const prefix = "oncall:"

// Group is the name of the group whose one member has the role, such as oncall:primary.
func (r Role) Group() string { return prefix + string(r) }

// IsGroup says whether a name is meant as a Role.Group, whatever role stands in it.
func IsGroup(name string) bool { return strings.HasPrefix(name, prefix) }

// OfGroup returns the role that a Role.Group names; false for any other name.
func OfGroup(name string) (Role, bool) {
	role, ok := strings.CutPrefix(name, prefix)
	return Role(role), ok && slices.Contains(Roles(), Role(role))
}

// Groups are the names of all Role.Group.
func Groups() []string {
	var all []string
	for _, role := range Roles() {
		all = append(all, role.Group())
	}
	return all
}

// handOverHour is when a week ends and the next begins, by the clock on the wall.
const handOverHour = 17

// Rota is who has which role when.
type Rota struct {
	// Start is the Friday on which the first of each list takes over; before that nobody is on call.
	Start Date
	// Zone is where it is 17:00 at a hand-over.
	Zone *time.Location
	// People are the persons of each role; each has it for a week, in this order and then from the first again. No
	// list is empty.
	People map[Role][]string
	// Overrides of one role do not overlap, and none begins before the start: see Refuses.
	Overrides []Override
}

// Override gives a role to somebody else than the list does, From included and To not.
type Override struct {
	Role     Role
	Who      string
	From, To time.Time
	// Reason is why, in one line.
	Reason string
}

// Shift is a time for which one person has a role without a break in the plan, Since included and Until not.
type Shift struct {
	Role  Role
	Who   string
	Since time.Time
	Until time.Time
	// Reason is that of the override; empty for a week of the rota, or what overrides leave of it.
	Reason string
}

// Begins is the first hand-over.
func (r *Rota) Begins() time.Time { return r.handOver(0) }

// handOver is the beginning of a week, counted from 0 at the start. Where the clocks of the zone leave that time out it
// is later, by as much as they are put forward.
func (r *Rota) handOver(week int) time.Time {
	return time.Date(r.Start.Year, r.Start.Month, r.Start.Day+7*week, handOverHour, 0, 0, 0, r.Zone)
}

// week counts the hand-overs after the start and up to t; negative before the start. It counts days of the calendar: the
// week in which clocks are changed has an hour more or less.
func (r *Rota) week(t time.Time) int {
	year, month, day := t.In(r.Zone).Date()
	days := Date{year, month, day}.number() - r.Start.number()
	week := int(days / 7) // which is one too many where the hand-over is still to come that day, or days are negative
	for t.Before(r.handOver(week)) {
		week--
	}
	return week
}

// At returns the shift of each role at t; of none before Begins.
func (r *Rota) At(t time.Time) map[Role]Shift {
	all := map[Role]Shift{}
	if t.Before(r.Begins()) {
		return all
	}
	for _, role := range Roles() {
		all[role] = r.shift(role, t)
	}
	return all
}

// Next returns the first n shifts of each role that begin after t, in the order of time.
func (r *Rota) Next(t time.Time, n int) map[Role][]Shift {
	all := map[Role][]Shift{}
	for _, role := range Roles() {
		at := r.Begins()
		if !t.Before(at) {
			at = r.shift(role, t).Until
		}
		for range n {
			s := r.shift(role, at)
			all[role], at = append(all[role], s), s.Until
		}
	}
	return all
}

// Weeks returns the shifts of all roles in n weeks, from the beginning of the week at t on, in the order of time. A shift
// that lies in those weeks in part is returned whole.
func (r *Rota) Weeks(t time.Time, n int) []Shift {
	first := max(r.week(t), 0)
	from, to := r.handOver(first), r.handOver(first+n)
	var all []Shift
	for _, role := range Roles() {
		for s := r.shift(role, from); s.Since.Before(to); s = r.shift(role, s.Until) {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b Shift) int { return a.Since.Compare(b.Since) })
	return all
}

// shift is the one of a role at t, which is not before Begins: an override, or what overrides leave of a week.
func (r *Rota) shift(role Role, t time.Time) Shift {
	week := r.week(t)
	list := r.People[role]
	s := Shift{Role: role, Who: list[week%len(list)], Since: r.handOver(week), Until: r.handOver(week + 1)}
	for _, o := range r.Overrides {
		switch {
		case o.Role != role:
		case !t.Before(o.From) && t.Before(o.To):
			return Shift{role, o.Who, o.From, o.To, o.Reason}
		case !t.Before(o.To) && o.To.After(s.Since):
			s.Since = o.To
		case t.Before(o.From) && o.From.Before(s.Until):
			s.Until = o.From
		}
	}
	return s
}
