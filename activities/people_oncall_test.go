package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// rotaUntil is handed over from ben to cleo, whose first week begins at a time of a Friday.
func rotaUntil(handOver time.Time) *oncall.Rota {
	y, m, d := handOver.AddDate(0, 0, -7).Date()
	five := time.Date(handOver.Year(), handOver.Month(), handOver.Day(), 17, 0, 0, 0, time.UTC)
	return &oncall.Rota{
		Start: oncall.Date{Year: y, Month: m, Day: d}, Zone: time.FixedZone("", int(five.Sub(handOver)/time.Second)),
		People: map[oncall.Role][]string{oncall.Primary: {"ben", "cleo"}, oncall.Secondary: {"cleo", "ben"}, oncall.Commander: {"anna"}},
	}
}

// Who is a member by a role on call is so while the role is theirs: a person by all accounts, and nobody else.
func TestWhoIsOnCall(t *testing.T) {
	handOver := time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC)
	people := &People{
		Persons: identity.People{"anna": {Host: []string{"anna@gpu-1"}}, "ben": {Host: []string{"ben@gpu-1", "ops@gpu-2"}}, "cleo": {Host: []string{"cleo@gpu-1"}}},
		Groups: map[string][]string{
			"first": {"oncall:primary"}, "sre": {"anna", "oncall:secondary"}, "oncall:primary": {"oncall:primary"}, "oncall:commander": {"oncall:commander"},
		},
		Rota:      rotaUntil(handOver),
		Approvals: config.Approvals{Operators: []string{"first"}, AuthenticatedFrom: "destructive"},
	}
	people.Rota.Overrides = []oncall.Override{{Role: oncall.Primary, Who: "anna", From: handOver.Add(time.Hour), To: handOver.Add(2 * time.Hour), Reason: "x"}}
	is := func(name string, at time.Time) Standing {
		got, err := people.whoIs(t.Context(), Person{Name: name, Via: ViaCLI}, at)
		require.NoError(t, err)
		require.Equal(t, got.Operator, len(got.Groups) > 0 && got.Groups[0] == "first")
		return got
	}
	before, after := handOver.Add(-time.Second), handOver
	for _, c := range []struct {
		name string
		at   time.Time
		want []string
	}{
		{"ops@gpu-2", before, []string{"first", "oncall:primary"}},
		{"ben@gpu-1", after, []string{"sre"}},
		{"ben@gpu-3", before, nil}, // a user of that name, and not the person
		{"cleo@gpu-1", before, []string{"sre"}},
		{"cleo@gpu-1", after, []string{"first", "oncall:primary"}},
		{"cleo@gpu-1", handOver.Add(time.Hour), nil},
		{"anna@gpu-1", handOver.Add(time.Hour), []string{"first", "oncall:commander", "oncall:primary", "sre"}},
		{"anna@gpu-1", handOver.Add(2 * time.Hour), []string{"oncall:commander", "sre"}},
		{"ben@gpu-1", handOver.AddDate(0, 0, -7).Add(-time.Second), nil}, // before the start
		{"nobody", before, nil},
		{"", before, nil},
	} {
		require.Equal(t, c.want, is(c.name, c.at).Groups, "%s at %s", c.name, c.at)
	}
	people.Rota = nil
	require.Empty(t, is("ben@gpu-1", before).Groups, "without a rota nobody is on call")
	require.Equal(t, []string{"sre"}, is("anna@gpu-1", before).Groups)
}

// An approval counts for who was on call when it was given, also when it is used after the hand-over: a gate may wait.
func TestEntitledOnCall(t *testing.T) {
	for name, c := range map[string]struct {
		who      string
		handOver time.Duration // after the approval; it is used a minute after that
		want     string
	}{
		"on call":                       {"ben", time.Hour, ""},
		"on call when it was said":      {"ben", 30 * time.Second, ""},
		"on call only when it is used":  {"cleo", 30 * time.Second, "cleo@example.com: is in none of the groups oncall"},
		"no longer when it was said":    {"ben", -time.Second, "ben@example.com: is in none of the groups oncall"},
		"since the second of the word":  {"cleo", 0, ""},
		"a person of the list, not now": {"cleo", time.Hour, "is in none of the groups"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEntitlement(t, func(*runbook.Gate) {})
			e.people.Groups = map[string][]string{"oncall": {"oncall:primary"}}
			e.people.Rota = rotaUntil(e.now.Add(c.handOver))
			e.approve(c.who)
			if err := e.entitled(); c.want != "" {
				require.ErrorContains(t, err, c.want)
				require.Equal(t, PermissionDenied, ClassOf(err))
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// Whether somebody might start a change is asked as of its start.
func TestStartersOnCall(t *testing.T) {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	people := &People{
		Persons: identity.People{"ben": {Host: []string{"ben@gpu-1"}}, "cleo": {Host: []string{"cleo@gpu-1"}}},
		Groups:  map[string][]string{"oncall:primary": {"oncall:primary"}}, Rota: rotaUntil(now),
	}
	starters := []string{"oncall:primary"}
	require.True(t, people.inAny(t.Context(), starters, identity.Host, "ben@gpu-1", now.Add(-time.Second)))
	require.False(t, people.inAny(t.Context(), starters, identity.Host, "ben@gpu-1", now))
	require.True(t, people.inAny(t.Context(), starters, identity.Host, "cleo@gpu-1", now))
}
