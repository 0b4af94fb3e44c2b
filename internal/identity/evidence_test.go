package identity

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// trusting is a worker that believes two hosts and one person, with what signs for them.
type trusting struct {
	Trust
	hosts map[string]HostKey
	ssh   string
}

func newTrust(t *testing.T) trusting {
	t.Helper()
	dir := t.TempDir()
	made := trusting{hosts: map[string]HostKey{}}
	lines := ""
	for _, host := range []string{"gpu-1", "gpu-2", "stranger"} {
		k, err := OpenHostKey(filepath.Join(dir, host))
		require.NoError(t, err)
		made.hosts[host] = k
		if host != "stranger" {
			lines += HostPrincipal(host) + " " + k.Public() + "\n"
		}
	}
	var err error
	made.Hosts, err = ParseSigners("hosts", lines)
	require.NoError(t, err)
	file, public := key(t, dir, "anna", "-t", "ed25519")
	made.ssh = file
	made.Signers, err = ParseSigners("allowed", "anna@example.com "+public)
	require.NoError(t, err)
	made.People = People{"anna": {SSH: []string{"anna@example.com"}, Host: []string{"anna@gpu-1"}}}
	return made
}

func TestProve(t *testing.T) {
	w := newTrust(t)
	s := approval()
	text := func(s Statement) string {
		t.Helper()
		text, err := s.Text()
		require.NoError(t, err)
		return text
	}
	by := func(host string, s Statement, namespace string) Evidence {
		signature, err := w.hosts[host].Sign(namespace, text(s))
		require.NoError(t, err)
		return Evidence{Kind: Host, By: host, Signature: signature}
	}
	p, err := w.Prove(AnswerNamespace, s, by("gpu-1", s, AnswerNamespace), noon)
	require.NoError(t, err)
	require.Equal(t, "anna", p.Person)

	mine := s
	mine.Who = "anna@example.com"
	signature := Evidence{Kind: SSH, By: mine.Who, Signature: signed(t, w.ssh, AnswerNamespace, text(mine))}
	p, err = w.Prove(AnswerNamespace, mine, signature, noon)
	require.NoError(t, err)
	require.Equal(t, "anna", p.Person, "one person by two ways")

	_, err = w.ProveFor("anna@gpu-1", AnswerNamespace, s, by("gpu-1", s, AnswerNamespace), noon)
	require.NoError(t, err)
	_, err = w.ProveFor("ben@gpu-1", AnswerNamespace, s, by("gpu-1", s, AnswerNamespace), noon)
	require.EqualError(t, err, "anna@gpu-1 said it, and not ben@gpu-1")

	root := s
	root.Who, root.Login = "root@gpu-1", "anna@gpu-1"
	p, err = w.Prove(AnswerNamespace, root, by("gpu-1", root, AnswerNamespace), noon)
	require.NoError(t, err)
	require.Equal(t, []string{"root", "anna"}, []string{p.Person, p.Login})

	for name, c := range map[string]struct {
		statement Statement
		evidence  Evidence
		want      string
	}{
		"a host for another's user": {s, by("gpu-2", s, AnswerNamespace), "the host gpu-2 vouches for its own users alone"},
		"a host under another name": {s, Evidence{Kind: Host, By: "gpu-1", Signature: by("gpu-2", s, AnswerNamespace).Signature}, "no key of host:gpu-1 made it"},
		"a host that nobody knows":  {s, Evidence{Kind: Host, By: "gpu-1", Signature: by("stranger", s, AnswerNamespace).Signature}, "no key of host:gpu-1 made it"},
		"a word of another kind":    {s, by("gpu-1", s, OrderNamespace), "namespace does not match"},
		"a host as a person":        {s, Evidence{Kind: SSH, By: s.Who, Signature: by("gpu-1", s, AnswerNamespace).Signature}, "no key of anna@gpu-1 made it"},
		"a person as a host":        {mine, Evidence{Kind: Host, By: "example.com", Signature: signature.Signature}, "no key of host:example.com made it"},
		"one's name, another's key": {s, Evidence{Kind: SSH, By: "anna@example.com", Signature: signature.Signature}, "anna@example.com signed what anna@gpu-1 is said to say"},
		"a way that is not there":   {s, Evidence{Kind: "mail", By: "U07"}, "nothing here vouches for mail"},
	} {
		_, err := w.Prove(AnswerNamespace, c.statement, c.evidence, noon)
		require.ErrorContains(t, err, c.want, name)
	}
}

// Whatever is changed of a statement that was signed, it proves nothing any more.
func TestMutatedStatementsProveNothing(t *testing.T) {
	w := newTrust(t)
	s := approval()
	text, err := s.Text()
	require.NoError(t, err)
	signature, err := w.hosts["gpu-1"].Sign(AnswerNamespace, text)
	require.NoError(t, err)
	evidence := Evidence{Kind: Host, By: "gpu-1", Signature: signature}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 10))
	mutated := 0
	for range 10_000 {
		changed := mutate(random, s)
		if other, err := changed.Text(); err == nil && other == text {
			continue
		}
		mutated++
		_, err := w.Prove(AnswerNamespace, changed, evidence, noon)
		require.Error(t, err, "seed %d: %+v", seed, changed)
	}
	require.Greater(t, mutated, 9000)
}

// mutate changes one value of a statement a little.
func mutate(random *rand.Rand, s Statement) Statement {
	texts := []*string{&s.Cluster, &s.Do, &s.Login, &s.Host, &s.Run, &s.RunID, &s.Request, &s.Step, &s.Plan, &s.Shown, &s.Reason, &s.Nonce}
	twist := func(text string) string {
		letters := []string{"", " ", "\n", "a", "\x00", "\u202e", "\\", ": ", "A", "\ufeff", "\nat: 2027-01-01T00:00:00Z"}
		at := random.IntN(len(text) + 1)
		if random.IntN(3) == 0 && at > 0 {
			return text[:at-1] + text[at:]
		}
		return text[:at] + letters[random.IntN(len(letters))] + text[at:]
	}
	copied := func(m map[string]string) map[string]string {
		out := map[string]string{}
		for name, v := range m {
			switch random.IntN(4) {
			case 0:
				out[twist(name)] = v
			case 1:
				out[name] = twist(v)
			case 2:
				out[name] = v
			}
		}
		return out
	}
	switch n := random.IntN(len(texts) + 4); n {
	default:
		*texts[n] = twist(*texts[n])
	case len(texts):
		s.Attempt += 1 + random.IntN(3)
	case len(texts) + 1:
		s.Until = s.Until.Add(time.Duration(1+random.IntN(100)) * time.Second)
	case len(texts) + 2:
		s.Arguments = copied(s.Arguments)
	case len(texts) + 3:
		s.Fields = copied(s.Fields)
	}
	return s
}

func TestWhoCountsAsWhom(t *testing.T) {
	people := People{
		"anna": {SSH: []string{"anna@example.com"}, Host: []string{"anna@gpu-1", "ops@gpu-2"}},
		"ben":  {Host: []string{"ben@gpu-1"}},
	}
	for _, c := range []struct {
		kind       Kind
		name, want string
	}{
		{Host, "anna@gpu-1", "anna"},
		{Host, "anna@GPU-1", "anna"},
		{Host, "ops@gpu-2", "anna"},
		{SSH, "anna@example.com", "anna"},
		{Host, "anna@gpu-2", "anna"},
		{Host, "ops@gpu-1", "anna"},
		{SSH, "ben@gpu-1", "ssh:ben@gpu-1"},
		{Host, "uid:7@gpu-1", "uid:7"},
		{Host, "alert", "host:alert"},
	} {
		require.Equal(t, c.want, people.Counts(c.kind, c.name), "%s %s", c.kind, c.name)
	}
}
