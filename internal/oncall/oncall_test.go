package oncall_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the machine of the test may have no zones

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/oncall"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func at(t *testing.T, text string, z *time.Location) time.Time {
	t.Helper()
	got, err := oncall.ParseTime(text, z)
	require.NoError(t, err)
	return got
}

// vienna is a rota that begins two weeks before the clocks are put forward on 2026-03-29.
func vienna(t *testing.T) *oncall.Rota {
	return &oncall.Rota{
		Start: oncall.Date{Year: 2026, Month: time.March, Day: 13}, Zone: zone(t, "Europe/Vienna"),
		People: map[oncall.Role][]string{
			oncall.Primary: {"anna", "ben", "cleo"}, oncall.Secondary: {"ben", "anna"}, oncall.Commander: {"dora"},
		},
	}
}

func TestAt(t *testing.T) {
	r := vienna(t)
	for text, want := range map[string]string{
		"2026-03-13T16:59:59": "", "2026-03-13T17:00": "anna", "2026-03-20T16:59:59": "anna", "2026-03-20T17:00": "ben",
		"2026-03-27T16:00:00Z": "cleo", // 17:00, and a week of 167 hours
		"2026-04-03T14:59:59Z": "cleo", "2026-04-03T15:00:00Z": "anna",
		"2027-03-12T17:00": "ben", "9999-12-31T00:00": "anna",
	} {
		require.Equal(t, want, r.At(at(t, text, r.Zone))[oncall.Primary].Who, text)
	}
	now := r.At(at(t, "2026-03-29T12:00", r.Zone))
	require.Equal(t, oncall.Shift{
		Role: oncall.Secondary, Who: "ben", Since: at(t, "2026-03-27T17:00", r.Zone), Until: at(t, "2026-04-03T17:00", r.Zone),
	}, now[oncall.Secondary])
	require.Equal(t, 167*time.Hour, now[oncall.Commander].Until.Sub(now[oncall.Commander].Since))
	require.Equal(t, "dora", now[oncall.Commander].Who)
	require.Empty(t, r.At(time.Time{}), "nobody is on call before the start")
}

func TestOverridesWin(t *testing.T) {
	r := vienna(t)
	// Two that touch, the second beyond a hand-over, and one of another role.
	for _, o := range []oncall.Override{
		{oncall.Primary, "dora", at(t, "2026-03-22T09:00", r.Zone), at(t, "2026-03-28T09:00", r.Zone), "a fair"},
		{oncall.Primary, "ben", at(t, "2026-03-21T09:00", r.Zone), at(t, "2026-03-22T09:00", r.Zone), "a wedding"},
		{oncall.Secondary, "cleo", at(t, "2026-03-13T17:00", r.Zone), at(t, "2026-03-20T17:00", r.Zone), "a whole week"},
	} {
		field, problem := r.Refuses(o)
		require.Empty(t, field+problem)
		r.Overrides = append(r.Overrides, o)
	}
	who := func(role oncall.Role, text string) string { return r.At(at(t, text, r.Zone))[role].Who }
	require.Equal(t, "ben", who(oncall.Primary, "2026-03-21T08:59"), "whose week it is")
	require.Equal(t, "ben", who(oncall.Primary, "2026-03-22T08:59"))
	require.Equal(t, "dora", who(oncall.Primary, "2026-03-22T09:00"))
	require.Equal(t, "dora", who(oncall.Primary, "2026-03-28T08:59"), "beyond the hand-over")
	require.Equal(t, "cleo", who(oncall.Primary, "2026-03-28T09:00"))
	require.Equal(t, "anna", who(oncall.Secondary, "2026-03-20T17:00"))

	next := r.Next(at(t, "2026-03-20T17:00", r.Zone), 4)[oncall.Primary]
	var lines []string
	for _, s := range next {
		lines = append(lines, s.Since.Format("01-02T15:04")+" "+s.Who+" "+s.Reason)
	}
	require.Equal(t, []string{"03-21T09:00 ben a wedding", "03-22T09:00 dora a fair", "03-28T09:00 cleo ", "04-03T17:00 anna "}, lines)
	require.Equal(t, "cleo", r.Next(time.Time{}, 1)[oncall.Secondary][0].Who, "the first shift comes next before the start")

	field, problem := r.Refuses(oncall.Override{Role: oncall.Secondary, From: at(t, "2026-03-20T16:59", r.Zone), To: at(t, "2026-03-21T09:00", r.Zone), Reason: "x"})
	require.Equal(t, "from", field)
	require.Contains(t, problem, "overlaps the override of secondary by cleo from 2026-03-13T17:00:00+01:00 to 2026-03-20T17:00:00+01:00; ")
}

// Over years and in zones that change their clocks at other times, by half an hour, in winter, or never: at each time one
// person has each role, shifts touch, and the hand-over is on Fridays at 17:00 by the clock on the wall.
func TestOnePersonAtEachTime(t *testing.T) {
	const years = 30
	for _, name := range []string{
		"UTC", "Europe/Vienna", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
		"Asia/Tehran", "Pacific/Chatham", "America/St_Johns", "Antarctica/Troll", "Europe/Dublin", "Pacific/Kiritimati",
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(len(name))))
			r := &oncall.Rota{
				Start: oncall.Date{Year: 1999, Month: time.January, Day: 1}, Zone: zone(t, name),
				People: map[oncall.Role][]string{oncall.Primary: {"a", "b", "c"}, oncall.Secondary: {"b", "c"}, oncall.Commander: {"d"}},
			}
			begins := r.Begins()
			for range 300 {
				from := begins.Add(time.Duration(random.Int64N(years*365*24*3600)) * time.Second)
				o := oncall.Override{oncall.Roles()[random.IntN(3)], "o", from, from.Add(time.Duration(1+random.Int64N(20*24*3600)) * time.Second), "x"}
				if _, problem := r.Refuses(o); problem == "" {
					r.Overrides = append(r.Overrides, o)
				}
			}
			require.Greater(t, len(r.Overrides), 100)
			shifts := map[oncall.Role][]oncall.Shift{}
			for _, s := range r.Weeks(begins, years*52) {
				shifts[s.Role] = append(shifts[s.Role], s)
			}
			for _, role := range oncall.Roles() {
				edge, plain := begins, 0
				for _, s := range shifts[role] {
					require.True(t, s.Since.Equal(edge), "%s: a shift begins where the last one ends: %s", role, s.Since)
					require.True(t, s.Since.Before(s.Until))
					edge = s.Until
					isEdge := func(at time.Time) bool { // of an override of the role
						return slices.ContainsFunc(r.Overrides, func(o oncall.Override) bool { return o.Role == role && (o.From.Equal(at) || o.To.Equal(at)) })
					}
					for _, at := range []time.Time{s.Since, s.Until} {
						if isEdge(at) {
							continue
						}
						plain++
						local := at.In(r.Zone)
						require.Equal(t, "Friday 17:00:00", local.Format("Monday 15:04:05"), local)
					}
					// The same from every side, and nobody beside.
					for _, at := range []time.Time{s.Since, s.Until.Add(-time.Nanosecond), s.Since.Add(s.Until.Sub(s.Since) / 3)} {
						require.Equal(t, s, r.At(at)[role])
					}
					require.Equal(t, s.Reason != "", s.Who == "o")
				}
				require.Greater(t, plain, years*52)
			}
			// In turn, whatever the overrides do.
			r.Overrides = nil
			for week := range years * 52 {
				got := r.At(r.Begins().AddDate(0, 0, 7*week))
				require.Equal(t, []string{"a", "b", "c"}[week%3], got[oncall.Primary].Who)
				require.Equal(t, []string{"b", "c"}[week%2], got[oncall.Secondary].Who)
			}
		})
	}
}

// Samoa had no 30 December 2011, which was a Friday: that hand-over is a day later, and no time is left out.
func TestFridayThatWasNot(t *testing.T) {
	r := &oncall.Rota{
		Start: oncall.Date{Year: 2011, Month: time.December, Day: 23}, Zone: zone(t, "Pacific/Apia"),
		People: map[oncall.Role][]string{oncall.Primary: {"a", "b"}, oncall.Secondary: {"a"}, oncall.Commander: {"a"}},
	}
	first := r.At(r.Begins())[oncall.Primary]
	second := r.At(first.Until)[oncall.Primary]
	require.Equal(t, "b", second.Who)
	require.Equal(t, "2011-12-31 17:00", second.Since.Format("2006-01-02 15:04"))
	require.True(t, second.Since.Equal(first.Until))
	require.Equal(t, "2012-01-06 17:00", second.Until.Format("2006-01-02 15:04"))
	_, err := oncall.ParseTime("2011-12-30T17:00", r.Zone)
	require.ErrorContains(t, err, "is left out in Pacific/Apia")
}
