package identity

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// letIn is a start that an Alertmanager asked for.
func letIn() Statement {
	return Statement{
		Cluster: "here", Do: Start, Who: "alertmanager", Host: "gpu-2", Run: "runbook/gpu-2/shop/x", Step: "x", Arguments: map[string]string{"model": "a"},
		Reason: "the alert A fires", At: noon, Nonce: "n",
	}
}

// What a host of ingress.hosts has let in proves a start, of no person, on whichever host it is.
func TestWhatWasLetIn(t *testing.T) {
	w := newTrust(t)
	w.Ingress = []string{"gpu-1"}
	text := func(s Statement) string {
		t.Helper()
		text, err := s.Text()
		require.NoError(t, err)
		return text
	}
	by := func(kind Kind, host, namespace string, s Statement) Evidence {
		signature, err := w.hosts[host].Sign(namespace, text(s))
		require.NoError(t, err)
		return Evidence{Kind: kind, By: host, Signature: signature}
	}
	alert, hook := letIn(), letIn()
	hook.Who = HookName("ci")
	for kind, s := range map[Kind]Statement{Alertmanager: alert, Hook: hook} {
		p, err := w.ProveFor(s.Who, StartNamespace, s, by(kind, "gpu-1", StartNamespace, s), noon)
		require.NoError(t, err)
		require.Equal(t, Proof{Kind: kind, Namespace: StartNamespace, Who: s.Who, By: "gpu-1", Signature: p.Signature}, p)
		require.True(t, p.Kind.Machine())
		require.False(t, p.Same(p), "it is nobody, and nobody is the same as somebody")
		require.NoError(t, w.Holds(text(s), p, noon, map[string]string{"do": Start, "who": s.Who, "run": s.Run}))
		require.ErrorContains(t, w.Holds(text(s), p, noon, map[string]string{"run": "another"}), "its line run is")
		for name, change := range map[string]func(*Proof){
			"another host":      func(p *Proof) { p.By = "gpu-2" },
			"no host":           func(p *Proof) { p.By = "" },
			"another namespace": func(p *Proof) { p.Namespace = AnswerNamespace },
			"a host's user":     func(p *Proof) { p.Kind = Host },
			"a person's key":    func(p *Proof) { p.Kind = SSH },
			"another name":      func(p *Proof) { p.Who = "hook:other" },
			"another kind": func(p *Proof) {
				p.Kind = map[Kind]Kind{Alertmanager: Hook, Hook: Alertmanager}[p.Kind]
			},
		} {
			changed := p
			change(&changed)
			require.Error(t, w.Holds(text(s), changed, noon, nil), name)
		}
	}
	with := func(change func(*Statement)) Statement { s := letIn(); change(&s); return s }
	for name, c := range map[string]struct {
		kind            Kind
		host, namespace string
		statement       Statement
		want            string
	}{
		"a host that lets nothing in":  {Alertmanager, "gpu-2", StartNamespace, alert, "the host gpu-2 is none of ingress.hosts, and says nothing for alertmanager"},
		"a host that nobody knows":     {Alertmanager, "stranger", StartNamespace, alert, "the host stranger is none of ingress.hosts"},
		"an answer":                    {Alertmanager, "gpu-1", AnswerNamespace, with(func(s *Statement) { s.Do = "approve" }), "alertmanager starts runs, and says nothing else"},
		"an answer signed as a start":  {Alertmanager, "gpu-1", StartNamespace, with(func(s *Statement) { s.Do = "approve" }), "alertmanager starts runs, and says nothing else"},
		"an order":                     {Hook, "gpu-1", OrderNamespace, hook, "hook:ci starts runs, and says nothing else"},
		"a start in another namespace": {Hook, "gpu-1", AnswerNamespace, hook, "hook:ci starts runs, and says nothing else"},
		"a person":                     {Alertmanager, "gpu-1", StartNamespace, with(func(s *Statement) { s.Who = "anna@gpu-1" }), "anna@gpu-1 is not who speaks by alertmanager"},
		"a hook as an Alertmanager":    {Alertmanager, "gpu-1", StartNamespace, hook, "hook:ci is not who speaks by alertmanager"},
		"an Alertmanager as a hook":    {Hook, "gpu-1", StartNamespace, alert, "alertmanager is not who speaks by hook"},
		"a hook without a name":        {Hook, "gpu-1", StartNamespace, with(func(s *Statement) { s.Who = "hook:" }), "hook: is not who speaks by hook"},
		"a login":                      {Alertmanager, "gpu-1", StartNamespace, with(func(s *Statement) { s.Login = "anna@gpu-1" }), "says nothing for alertmanager"},
	} {
		_, err := w.Prove(c.namespace, c.statement, by(c.kind, c.host, c.namespace, c.statement), noon)
		require.ErrorContains(t, err, c.want, name)
	}
	borrowed := by(Alertmanager, "gpu-2", StartNamespace, alert)
	borrowed.By = "gpu-1"
	_, err := w.Prove(StartNamespace, alert, borrowed, noon)
	require.ErrorContains(t, err, "no key of host:gpu-1 made it")
	w.Ingress = nil
	_, err = w.Prove(StartNamespace, alert, by(Alertmanager, "gpu-1", StartNamespace, alert), noon)
	require.ErrorContains(t, err, "none of ingress.hosts")
}

// Whatever is changed of a start that was let in, it proves nothing any more.
func TestMutatedStartsProveNothing(t *testing.T) {
	w := newTrust(t)
	w.Ingress = []string{"gpu-1"}
	s := letIn()
	text, err := s.Text()
	require.NoError(t, err)
	signature, err := w.hosts["gpu-1"].Sign(StartNamespace, text)
	require.NoError(t, err)
	evidence := Evidence{Kind: Alertmanager, By: "gpu-1", Signature: signature}
	_, err = w.Prove(StartNamespace, s, evidence, noon)
	require.NoError(t, err)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 11))
	mutated := 0
	for range 2000 {
		changed := mutate(random, s)
		if other, err := changed.Text(); err == nil && other == text {
			continue
		}
		mutated++
		_, err := w.Prove(StartNamespace, changed, evidence, noon)
		require.Error(t, err, "seed %d: %+v", seed, changed)
	}
	require.Greater(t, mutated, 1500)
}
