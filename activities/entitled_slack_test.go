package activities

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/press"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// inSlack lets ben and anna speak in Slack, by the worker of the host gpu-2. It returns what signs a press of a user.
func (e *entitlement) inSlack() func(user string, change func(*identity.Statement)) identity.Word {
	e.t.Helper()
	key, err := identity.OpenHostKey(filepath.Join(e.t.TempDir(), "gpu-2"))
	require.NoError(e.t, err)
	signer, err := identity.HostSigner("gpu-2", key.Public())
	require.NoError(e.t, err)
	e.people.Hosts, e.people.SlackIngress, e.people.SlackTeam = identity.Signers{signer}, []string{"gpu-2"}, "T1"
	for person, user := range map[string]string{"anna": "U0ANNA", "ben": "U0BEN"} {
		p := e.people.Persons[person]
		p.Slack = user
		e.people.Persons[person] = p
	}
	return func(user string, change func(*identity.Statement)) identity.Word {
		s := e.said("ben")
		s.Who = identity.SlackName("T1", user)
		change(&s)
		text, err := s.Text()
		require.NoError(e.t, err)
		signature, err := key.Sign(identity.AnswerNamespace, text)
		require.NoError(e.t, err)
		return identity.Word{Namespace: identity.AnswerNamespace, Statement: s, Evidence: identity.Evidence{Kind: identity.Slack, By: "gpu-2", Signature: signature}}
	}
}

// What was approved in Slack is done where all of it was signed, by a host that may say who pressed.
func TestEntitledBySlack(t *testing.T) {
	whole := func(*identity.Statement) {}
	for name, c := range map[string]struct {
		do   func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word)
		want string // "" is that it may
	}{
		"approved": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0BEN", whole))
		}, ""},
		"by the initiator": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0ANNA", whole))
		}, "slack:T1/U0ANNA: started the run"},
		"by nobody of people": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0EVE", whole))
		}, "is in none of the groups oncall"},
		"of another workspace": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0BEN", func(s *identity.Statement) { s.Who = "slack:T2/U0BEN" }))
		}, "is of another workspace"},
		"a host that takes no presses": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0BEN", whole))
			e.people.SlackIngress = []string{"gpu-1"}
		}, "the host gpu-2 is none of slack.ingress"},
		"a host that lets alerts in": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0BEN", whole))
			e.people.SlackIngress, e.people.Ingress = nil, []string{"gpu-2"}
		}, "none of slack.ingress"},
		"a button": {func(e *entitlement, word func(string, func(*identity.Statement)) identity.Word) {
			e.words(word("U0BEN", func(s *identity.Statement) {
				*s = request.Says(press.Press{ID: "n", Team: "T1", User: "U0BEN", Request: s.Request, Shown: strings.Repeat("ab", 32), Decision: request.Approve, At: s.At})
				s.Cluster = "here"
			}))
		}, "it ended at"},
		"a button with a time of its own": {func(e *entitlement, word func(string, func(*identity.Statement)) identity.Word) {
			e.words(word("U0BEN", func(s *identity.Statement) { s.Shown = strings.Repeat("ab", 32) }))
		}, "it is not over this text"},
		"another attempt": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0BEN", whole))
			e.call.Attempt = 2
		}, "it is not over this text"},
		"too late": {func(e *entitlement, press func(string, func(*identity.Statement)) identity.Word) {
			e.words(press("U0BEN", func(s *identity.Statement) { s.At, s.Until = e.now.Add(-time.Hour), e.now.Add(-45*time.Minute) }))
		}, "it ended at"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEntitlement(t, func(*runbook.Gate) {})
			c.do(e, e.inSlack())
			err := e.entitled()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, PermissionDenied, ClassOf(err))
		})
	}
}

// A press is of the person who has that id in the workspace, and as old as it was when it was verified.
func TestWhoHasPressed(t *testing.T) {
	e := newEntitlement(t, func(*runbook.Gate) {})
	word := e.inSlack()("U0BEN", func(*identity.Statement) {})
	who := func(change func(*Person)) Person {
		w := word
		p := Person{Name: "slack:T1/U0BEN", Via: request.ViaSlack, Others: []string{"anna@example.com", "ben@example.com", "slack:T1/U0BEN"}, Word: &w}
		change(&p)
		return p
	}
	got, err := e.people.whoIs(t.Context(), who(func(*Person) {}), e.now.Add(12*time.Hour))
	require.NoError(t, err)
	require.Equal(t, []string{"oncall"}, got.Groups)
	require.Equal(t, "ben", got.Person)
	require.Equal(t, []string{"ben@example.com", "slack:T1/U0BEN"}, got.Same)
	require.Equal(t, "gpu-2", got.Proof.By)
	for name, c := range map[string]struct {
		at     time.Time
		change func(*Person)
		want   string
	}{
		"before it was pressed": {e.now.Add(-identity.MaxApart - time.Second), func(*Person) {}, "set the clocks right"},
		"as a word of the CLI":  {e.now, func(p *Person) { p.Via = ViaCLI }, "what is pressed in Slack is said there, and nowhere else"},
		"a name":                {e.now, func(p *Person) { p.Word = nil }, "nobody vouches for what was pressed in Slack"},
		"a host's user":         {e.now, func(p *Person) { p.Word.Evidence.Kind = identity.Host }, "nobody vouches for what was pressed in Slack"},
		"somebody else":         {e.now, func(p *Person) { p.Name = "slack:T1/U0ANNA" }, "slack:T1/U0BEN said it, and not slack:T1/U0ANNA"},
		"a host of no key":      {e.now, func(p *Person) { p.Word.Evidence.By = "gpu-9" }, "the host gpu-9 is none of slack.ingress"},
	} {
		_, err := e.people.whoIs(t.Context(), who(c.change), c.at)
		require.Equal(t, PermissionDenied, ClassOf(err), name)
		require.ErrorContains(t, err, c.want, name)
	}
}
