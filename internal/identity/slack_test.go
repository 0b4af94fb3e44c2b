package identity

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const annaInSlack = "slack:T1/U07ANNA"

// inSlack is a worker that believes gpu-1 what anna, who has a host's account too, and eve, whom nobody listed, do in Slack.
func inSlack(t *testing.T) trusting {
	w := newTrust(t)
	w.SlackIngress, w.SlackTeam = []string{"gpu-1"}, "T1"
	anna := w.People["anna"]
	anna.Slack = "U07ANNA"
	w.People = People{"anna": anna}
	return w
}

// press is a button that anna has pressed.
func press() Statement {
	return Statement{
		Cluster: "here", Do: "approve", Who: annaInSlack, Host: "gpu-2", Run: "runbook/gpu-2/shop/x", Request: "runbook/gpu-2/shop/x:ok.1@0123abcd",
		Shown: strings.Repeat("ab", 32), Reason: "seen", At: noon, Nonce: "n",
	}
}

func (w trusting) pressed(t *testing.T, host, namespace string, s Statement) Evidence {
	t.Helper()
	text, err := s.Text()
	require.NoError(t, err)
	signature, err := w.hosts[host].Sign(namespace, text)
	require.NoError(t, err)
	return Evidence{Kind: Slack, By: host, Signature: signature}
}

// A press that a host of slack.ingress signs is a person's word, and that of no other person.
func TestPressesProve(t *testing.T) {
	w := inSlack(t)
	s := press()
	e := w.pressed(t, "gpu-1", AnswerNamespace, s)
	p, err := w.ProveFor(s.Who, AnswerNamespace, s, e, noon)
	require.NoError(t, err)
	require.Equal(t, Proof{Kind: Slack, Namespace: AnswerNamespace, Who: annaInSlack, Person: "anna", By: "gpu-1", Signature: p.Signature}, p)
	require.True(t, p.IsPerson())
	require.False(t, p.Kind.Machine())
	require.True(t, p.Same(Proof{Kind: Host, Who: "anna@gpu-1", Person: w.People.Counts(Host, "anna@gpu-1")}))
	require.Equal(t, "anna", w.People.CountsAny(annaInSlack))
	require.Equal(t, "slack:T1/U07EVE", w.People.Counts(Slack, "slack:T1/U07EVE"), "who is nobody's counts apart")
	require.Equal(t, "slack:T1/U07EVE", w.People.CountsAny("slack:T1/U07EVE"))
	text, err := s.Text()
	require.NoError(t, err)
	require.Contains(t, text, "\nplan: \nshown: "+s.Shown+"\nreason: ")
	require.NoError(t, w.Holds(text, p, noon, map[string]string{"do": "approve", "request": s.Request, "shown": s.Shown, "run-id": ""}))
	require.ErrorContains(t, w.Holds(text, p, noon, map[string]string{"shown": "another"}), "its line shown is")
	start := s
	start.Do, start.Shown, start.Request = Start, "", ""
	_, err = w.Prove(StartNamespace, start, w.pressed(t, "gpu-1", StartNamespace, start), noon)
	require.NoError(t, err, "a command starts a run")
}

func TestForgedPressesProveNothing(t *testing.T) {
	w := inSlack(t)
	with := func(change func(*Statement)) Statement { s := press(); change(&s); return s }
	for name, c := range map[string]struct {
		host, namespace string
		// signed is what the host signs, said what is claimed.
		signed, said Statement
		want         string
	}{
		"a host that takes no presses": {"gpu-2", AnswerNamespace, press(), press(), "the host gpu-2 is none of slack.ingress, and says nothing for " + annaInSlack},
		"a host that nobody knows":     {"stranger", AnswerNamespace, press(), press(), "none of slack.ingress"},
		"another workspace, signed":    {"gpu-1", AnswerNamespace, with(func(s *Statement) { s.Who = "slack:T2/U07ANNA" }), with(func(s *Statement) { s.Who = "slack:T2/U07ANNA" }), "is of another workspace"},
		"another workspace":            {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Who = "slack:T2/U07ANNA" }), "is of another workspace"},
		"another user":                 {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Who = "slack:T1/U07BEN" }), "it is not over this text"},
		"no user":                      {"gpu-1", AnswerNamespace, with(func(s *Statement) { s.Who = "slack:T1/" }), with(func(s *Statement) { s.Who = "slack:T1/" }), "is not who speaks by slack"},
		"a host's user":                {"gpu-1", AnswerNamespace, with(func(s *Statement) { s.Who = "anna@gpu-1" }), with(func(s *Statement) { s.Who = "anna@gpu-1" }), "is not who speaks by slack"},
		"an account in the name":       {"gpu-1", AnswerNamespace, with(func(s *Statement) { s.Who = "slack:T1/U@gpu-1" }), with(func(s *Statement) { s.Who = "slack:T1/U@gpu-1" }), "is not who speaks by slack"},
		"a login":                      {"gpu-1", AnswerNamespace, with(func(s *Statement) { s.Login = "anna@gpu-1" }), with(func(s *Statement) { s.Login = "anna@gpu-1" }), "says nothing for"},
		"another request":              {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Request = "runbook/gpu-2/shop/x:ok.2@0123abcd" }), "it is not over this text"},
		"something else was shown":     {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Shown = strings.Repeat("cd", 32) }), "it is not over this text"},
		"nothing was shown":            {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Shown = "" }), "it is not over this text"},
		"another decision":             {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Do = "reject" }), "it is not over this text"},
		"another press":                {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Nonce = "m" }), "it is not over this text"},
		"another server":               {"gpu-1", AnswerNamespace, press(), with(func(s *Statement) { s.Cluster = "there" }), "it is not over this text"},
		"an order":                     {"gpu-1", OrderNamespace, press(), press(), "answers and starts runs, and says nothing else"},
		"an answer signed as a start":  {"gpu-1", StartNamespace, press(), press(), "answers and starts runs, and says nothing else"},
	} {
		_, err := w.Prove(c.namespace, c.said, w.pressed(t, c.host, c.namespace, c.signed), noon)
		require.ErrorContains(t, err, c.want, name)
	}
	borrowed := w.pressed(t, "gpu-2", AnswerNamespace, press())
	borrowed.By = "gpu-1"
	_, err := w.Prove(AnswerNamespace, press(), borrowed, noon)
	require.ErrorContains(t, err, "no key of host:gpu-1 made it")
}

// Whatever is changed of what was pressed, it proves nothing any more.
func TestMutatedPressesProveNothing(t *testing.T) {
	w := inSlack(t)
	s := press()
	text, err := s.Text()
	require.NoError(t, err)
	e := w.pressed(t, "gpu-1", AnswerNamespace, s)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 12))
	mutated := 0
	for range 2000 {
		changed := mutate(random, s)
		if other, err := changed.Text(); err == nil && other == text {
			continue
		}
		mutated++
		_, err := w.Prove(AnswerNamespace, changed, e, noon)
		require.Error(t, err, "seed %d: %+v", seed, changed)
	}
	require.Greater(t, mutated, 1000)
}
