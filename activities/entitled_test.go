package activities

import (
	"context"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// archive is a ledger with entries that are read by their key.
type archive struct {
	Ledger
	entries map[string]ledger.Entry
}

func (s *archive) Read(_ context.Context, f ledger.Filter) (found []ledger.Entry, err error) {
	for _, key := range slices.Sorted(maps.Keys(s.entries)) {
		e := s.entries[key]
		e.Key = key
		if strings.HasPrefix(key, f.KeyPrefix) && e.Kind == f.Kind && (f.Subject == "" || e.Subject == f.Subject) && e.Seq >= f.AfterSeq && (f.AfterSeq == 0 || e.Seq > f.AfterSeq) {
			found = append(found, e)
		}
	}
	slices.SortStableFunc(found, func(a, b ledger.Entry) int { return int(a.Seq - b.Seq) })
	if f.NewestFirst {
		slices.Reverse(found)
	}
	return found[:min(len(found), f.Limit)], nil
}

// AppendFirst keeps an entry where there is none.
func (s *archive) AppendFirst(_ context.Context, d ledger.Draft) (bool, error) {
	if _, ok := s.entries[d.Key]; ok {
		return false, nil
	}
	s.entries[d.Key] = d.Seal(ledger.Beginning())
	return true, nil
}

const (
	wipeRun = "runbook/gpu-1/shop/wipe"
	runOne  = "0190-aaaa-00000001"
)

// entitlement is a host on which anna starts a run of wipe, and whose word counts.
type entitlement struct {
	t       *testing.T
	people  *People
	archive *archive
	keys    map[string]identity.HostKey
	now     time.Time
	call    runbook.ActCall
}

func newEntitlement(t *testing.T, change func(*runbook.Gate)) *entitlement {
	t.Helper()
	e := &entitlement{
		t: t, now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), keys: map[string]identity.HostKey{}, archive: &archive{entries: map[string]ledger.Entry{}},
	}
	var signers identity.Signers
	for _, who := range []string{"anna", "ben", "cleo", "mallory"} {
		key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), who))
		require.NoError(t, err)
		more, err := identity.ParseSigners("signers", who+"@example.com "+key.Public())
		require.NoError(t, err)
		e.keys[who], signers = key, append(signers, more...)
	}
	d := runbook.Definition{Name: "wipe", Steps: []runbook.Step{
		{ID: "ask", Kind: runbook.GateStep, Groups: []string{"oncall"}, TimeoutSeconds: 900, Gate: &runbook.Gate{Approves: []string{"wipe", "fewer", "again"}, NotInitiator: true}},
		{ID: "wipe", Kind: runbook.Action, Uses: "command.run", Risk: runbook.Destructive},
		{ID: "other", Kind: runbook.Action, Uses: "command.run", Risk: runbook.Destructive},
		{ID: "fewer", Kind: runbook.Action, Uses: runbook.ScaleOperation, Risk: runbook.Destructive, With: []runbook.Filled{{Name: "service", Value: runbook.Value{Constant: "app"}}}},
		{ID: "again", Kind: runbook.Action, Uses: runbook.RestartOperation, Risk: runbook.Destructive},
	}}
	change(d.Steps[0].Gate)
	sum, err := d.Sum()
	require.NoError(t, err)
	text, err := json.Marshal(runbook.Installed{Host: "gpu-1", Name: "wipe", SHA256: sum, Definition: d})
	require.NoError(t, err)
	e.archive.entries[runbook.InstalledKey("gpu-1", sum)] = ledger.Entry{Seq: 1, Kind: runbook.InstalledKind, Subject: "runbook/wipe", Data: string(text)}
	e.people = &People{
		Asked:   Since,
		Cluster: "here", Host: "gpu-1", Ledger: e.archive, Signers: func() (identity.Signers, error) { return signers, nil },
		Persons: identity.People{"anna": {SSH: []string{"anna@example.com"}}, "ben": {SSH: []string{"ben@example.com"}}, "cleo": {SSH: []string{"cleo@example.com"}}},
		Groups:  map[string][]string{"oncall": {"anna", "ben", "cleo"}},
	}
	e.call = runbook.ActCall{
		Path: "wipe", Attempt: 1, Uses: "command.run", With: condition.Values{"command": "wipe"}, Argv: []string{"/bin/wipe", "--all"}, Project: "shop",
		Risk: runbook.Destructive, PlanSHA256: strings.Repeat("ab", 32), Definition: sum, Run: runOne,
	}
	e.call.Start = e.start("anna")
	return e
}

// sign makes a word of what somebody says.
func (e *entitlement) sign(who, namespace string, s identity.Statement) identity.Word {
	e.t.Helper()
	text, err := s.Text()
	require.NoError(e.t, err)
	signature, err := e.keys[who].Sign(namespace, text)
	require.NoError(e.t, err)
	return identity.Word{Namespace: namespace, Statement: s, Evidence: identity.Evidence{Kind: identity.SSH, By: who + "@example.com", Signature: signature}}
}

// start is a start by somebody, used for runOne.
func (e *entitlement) start(who string) *identity.Word {
	e.t.Helper()
	w := e.sign(who, identity.StartNamespace, identity.Statement{Cluster: "here", Do: identity.Start, Who: who + "@example.com", Host: "gpu-1", Run: wipeRun, At: e.now, Nonce: who})
	text, err := w.Statement.Text()
	require.NoError(e.t, err)
	e.archive.entries[identity.UsedKey(text)] = ledger.Entry{Kind: identity.UsedKind, At: e.now.Format(time.RFC3339), Subject: wipeRun, WorkflowID: wipeRun, RunID: runOne}
	return &w
}

// said is what somebody says who approves the call.
func (e *entitlement) said(who string) identity.Statement {
	r := request.Request{
		ID: request.ID(wipeRun, "ask", 1, runOne), Kind: request.Approval, Host: "gpu-1", RunID: runOne, PlanSHA256: e.call.PlanSHA256, Definition: e.call.Definition, LimitSeconds: 900,
		Allows: []request.Effect{{Step: e.call.Path, Attempt: e.call.Attempt, Uses: e.call.Uses, Arguments: e.call.With, Argv: e.call.Argv}},
	}
	s := r.Statement(request.Answer{Decision: request.Approve, By: who + "@example.com", Said: identity.Said{At: e.now, Nonce: "n"}})
	s.Cluster = "here"
	return s
}

func (e *entitlement) approve(who string) {
	e.words(e.sign(who, identity.AnswerNamespace, e.said(who)))
}

func (e *entitlement) words(w ...identity.Word) { e.call.Words = append(e.call.Words, w...) }

// entitled says why the call, after a JSON round trip as Temporal makes it, may not be done.
func (e *entitlement) entitled() error {
	e.t.Helper()
	text, err := json.Marshal(e.call)
	require.NoError(e.t, err)
	var call runbook.ActCall
	require.NoError(e.t, json.Unmarshal(text, &call))
	return e.people.Entitled(e.t.Context(), wipeRun, runOne, call, e.now.Add(time.Minute))
}

func TestEntitled(t *testing.T) {
	plain := func(*runbook.Gate) {}
	for name, c := range map[string]struct {
		gate func(*runbook.Gate)
		do   func(*entitlement)
		want string // "" is that it may
	}{
		"approved":                           {plain, func(e *entitlement) { e.approve("ben") }, ""},
		"nobody":                             {plain, func(*entitlement) {}, "wipe is approved by 0 persons that can be proven, and needs 1"},
		"by the initiator":                   {plain, func(e *entitlement) { e.approve("anna") }, "anna@example.com: started the run"},
		"by the initiator, who may":          {func(g *runbook.Gate) { g.NotInitiator = false }, func(e *entitlement) { e.approve("anna") }, ""},
		"by a stranger":                      {plain, func(e *entitlement) { e.approve("mallory") }, "mallory@example.com: is in none of the groups oncall"},
		"two of two":                         {func(g *runbook.Gate) { g.Min = 2 }, func(e *entitlement) { e.approve("ben"); e.approve("cleo") }, ""},
		"one of two, twice":                  {func(g *runbook.Gate) { g.Min = 2 }, func(e *entitlement) { e.approve("ben"); e.approve("ben") }, "is approved by 1 persons that can be proven, and needs 2"},
		"the call says one is enough":        {func(g *runbook.Gate) { g.Min = 2 }, func(e *entitlement) { e.approve("ben") }, "needs 2"},
		"nobody is known to have started it": {plain, func(e *entitlement) { e.call.Start = nil; e.approve("ben") }, "needs 2"},
		"nobody is known to have started it, and two approve": {plain, func(e *entitlement) { e.call.Start = nil; e.approve("ben"); e.approve("anna") }, ""},
		"the start was another run's": {plain, func(e *entitlement) {
			for key, entry := range e.archive.entries {
				if entry.Kind == identity.UsedKind {
					entry.RunID = "another"
					e.archive.entries[key] = entry
				}
			}
			e.approve("ben")
		}, "needs 2"},
		"the start is somebody else's": {plain, func(e *entitlement) {
			w := *e.start("cleo")
			w.Statement.Who, w.Evidence.By = "anna@example.com", "anna@example.com"
			e.call.Start = &w
			e.approve("ben")
		}, "needs 2"},
		"a step without a gate":            {plain, func(e *entitlement) { e.call.Path = "other"; e.approve("ben") }, "no gate of the runbook wipe approves other"},
		"another step":                     {plain, func(e *entitlement) { e.approve("ben"); e.call.Path = "other" }, "no gate of the runbook wipe approves other"},
		"another attempt":                  {plain, func(e *entitlement) { e.approve("ben"); e.call.Attempt = 2 }, "it is not over this text"},
		"another plan":                     {plain, func(e *entitlement) { e.approve("ben"); e.call.PlanSHA256 = strings.Repeat("cd", 32) }, "it is not over this text"},
		"another argument":                 {plain, func(e *entitlement) { e.approve("ben"); e.call.With["command"] = "wipe-all" }, "it is not over this text"},
		"another command line":             {plain, func(e *entitlement) { e.approve("ben"); e.call.Argv = []string{"/bin/wipe", "--everything"} }, "it is not over this text"},
		"another operation":                {plain, func(e *entitlement) { e.approve("ben"); e.call.Uses = "product.db_pool_reset" }, "the step wipe uses \"command.run\", and not \"product.db_pool_reset\""},
		"a definition that was never here": {plain, func(e *entitlement) { e.approve("ben"); e.call.Definition = strings.Repeat("0", 64) }, "the ledger does not know that this host had the definition of the run"},
		"no definition":                    {plain, func(e *entitlement) { e.approve("ben"); e.call.Definition = "" }, "the ledger does not know that this host had the definition of the run"},
		"another project":                  {plain, func(e *entitlement) { e.approve("ben"); e.call.Project = "bank" }, "is no run of the runbook wipe"},
		"a call of another run":            {plain, func(e *entitlement) { e.approve("ben"); e.call.Run = "0190-aaaa-00000002" }, `the call is one of the run "0190-aaaa-00000002"`},
		"a call of no run":                 {plain, func(e *entitlement) { e.approve("ben"); e.call.Run = "" }, `the call is one of the run ""`},
		"said later than now":              {plain, func(e *entitlement) { e.now = e.now.Add(time.Hour); e.approve("ben"); e.now = e.now.Add(-time.Hour) }, "it was said at 2026-11-27T13:00:00Z"},
		"another cluster":                  {plain, func(e *entitlement) { e.approve("ben"); e.people.Cluster = "there" }, "it is not over this text"},
		"a signature of another": {plain, func(e *entitlement) {
			w := e.sign("cleo", identity.AnswerNamespace, e.said("ben"))
			w.Evidence.By = "ben@example.com"
			e.words(w)
		}, "no key of ben@example.com made it"},
		"a word of another kind": {plain, func(e *entitlement) { e.words(e.sign("ben", identity.OrderNamespace, e.said("ben"))) }, "it is not over this text"},
		"a no": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Do = request.Reject
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "it is not over this text"},
		"another gate": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Request = request.ID(wipeRun, "look", 1, runOne)
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "and not for ask of this run"},
		"another run's request": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Request = request.ID(wipeRun, "ask", 1, "0190-aaaa-00000002")
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "and not for ask of this run"},
		"another run": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.RunID = "0190-bbbb-00000001"
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "it is not over this text"},
		"another host": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Host = "gpu-2"
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "it is not over this text"},
		"it has ended": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Until = e.now
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "it ended at 2026-11-27T12:00:00Z"},
		"it never ends": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Until = time.Time{}
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "it ended at"},
		"it holds for years": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.Until = e.now.AddDate(9, 0, 0)
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, "it holds for longer than the gate gives, which is 45m0s"},
		"a key that was taken away since": {plain, func(e *entitlement) {
			e.approve("ben")
			e.people.Signers = func() (identity.Signers, error) { return nil, nil }
		}, "no key of ben@example.com made it"},
		"a host that nobody lists": {plain, func(e *entitlement) {
			w := e.sign("ben", identity.AnswerNamespace, e.said("ben"))
			w.Evidence.Kind, w.Evidence.By = identity.Host, "gpu-2"
			e.words(w)
		}, "the host gpu-2 vouches for its own users alone"},
		"two of two, of two requests": {func(g *runbook.Gate) { g.Min = 2 }, func(e *entitlement) {
			e.approve("ben")
			s := e.said("cleo")
			s.Request = request.ID(wipeRun, "ask", 2, runOne) // which was asked again, as somebody had said no
			e.words(e.sign("cleo", identity.AnswerNamespace, s))
		}, "is approved by 1 persons that can be proven, and needs 2"},
		"another risk":                     {plain, func(e *entitlement) { e.approve("ben"); e.call.Risk = runbook.Write }, "the step wipe is destructive, and not write"},
		"its undo, which there is none of": {plain, func(e *entitlement) { e.approve("ben"); e.call.Undo = true }, "nothing takes the step wipe back"},
		"an argument that is written out": {plain, func(e *entitlement) {
			e.call.Path, e.call.Uses, e.call.With, e.call.Argv = "fewer", runbook.ScaleOperation, condition.Values{"service": "db", "replicas": 1}, nil
			e.approve("ben")
		}, `the step fewer has service: "app", and not "db"`},
		"a clock that is behind": {plain, func(e *entitlement) {
			s := e.said("ben")
			s.At, s.Until = e.now.Add(-time.Minute), e.now.Add(45*time.Minute)
			e.words(e.sign("ben", identity.AnswerNamespace, s))
		}, ""},
		"another start than the first": {plain, func(e *entitlement) {
			e.approve("anna")
			for key, used := range e.archive.entries {
				if used.Kind == identity.UsedKind {
					used.Seq = 2
					e.archive.entries[key] = used
				}
			}
			other := e.start("cleo")
			for key, used := range e.archive.entries {
				if used.Kind == identity.UsedKind && used.Seq == 0 {
					used.Seq = 3
					e.archive.entries[key] = used
				}
			}
			e.call.Start = other // so that it would not be anna who started it
		}, "needs 2"},
		"started by a key of nobody": {plain, func(e *entitlement) {
			delete(e.people.Persons, "anna") // so that she could be ben as well
			e.approve("ben")
		}, "needs 2"},
		"another way to prove it": {plain, func(e *entitlement) {
			w := e.sign("ben", identity.AnswerNamespace, e.said("ben"))
			w.Evidence.Kind = "mail"
			e.words(w)
		}, "nothing here vouches for mail"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEntitlement(t, c.gate)
			c.do(e)
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

// Not one of ten thousand approvals of which one thing is changed counts.
func TestMutatedApprovals(t *testing.T) {
	e := newEntitlement(t, func(*runbook.Gate) {})
	good := e.sign("ben", identity.AnswerNamespace, e.said("ben"))
	e.call.Words = []identity.Word{good}
	require.NoError(t, e.entitled())
	text, err := json.Marshal(good)
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(7, 7))
	for tried := 0; tried < 10_000; {
		mutated := []byte(string(text))
		mutated[random.IntN(len(mutated))] = byte(' ' + random.IntN(95))
		var w identity.Word
		if json.Unmarshal(mutated, &w) != nil || same(t, w, good) {
			continue
		}
		tried++
		call := e.call
		call.Words = []identity.Word{w}
		require.Error(t, e.people.Entitled(t.Context(), wipeRun, runOne, call, e.now.Add(time.Minute)), string(mutated))
	}
}

// same says whether two words are the same but for what a worker does not read from them: in which
// namespace it was said to be, and what it knows itself.
func same(t *testing.T, a, b identity.Word) bool {
	t.Helper()
	for _, w := range []*identity.Word{&a, &b} {
		w.Namespace = ""
		s := &w.Statement
		s.Cluster, s.Do, s.Host, s.Run, s.RunID, s.Step, s.Plan = "", "", "", "", "", "", ""
		s.Arguments = maps.Clone(s.Arguments)
		delete(s.Arguments, request.DefinitionArgument)
		if delete(s.Arguments, "wipe"); len(s.Arguments) == 0 {
			s.Arguments = nil
		}
		if len(s.Fields) == 0 {
			s.Fields = nil
		}
		if sig, err := sshsig.Unarmor([]byte(w.Evidence.Signature)); err == nil { // one signature has several texts
			w.Evidence.Signature = string(sshsig.Armor(sig))
		}
	}
	one, err := json.Marshal(a)
	require.NoError(t, err)
	other, err := json.Marshal(b)
	require.NoError(t, err)
	return string(one) == string(other)
}

// A definition counts as long as its host has it, and for a while after it got another one of that name, or none.
func TestDefinitionsThatWereReplaced(t *testing.T) {
	e := newEntitlement(t, func(*runbook.Gate) {})
	e.approve("ben")
	replaced := func(seq int64, sum string, ago time.Duration) {
		text, err := json.Marshal(runbook.Installed{Host: "gpu-1", Name: "wipe", SHA256: sum})
		require.NoError(t, err)
		e.archive.entries[runbook.InstalledKey("gpu-1", sum)+"/wipe/"+sum] = ledger.Entry{
			Seq: seq, Kind: runbook.InstalledKind, Subject: "runbook/wipe", At: e.now.Add(-ago).Format(time.RFC3339), Data: string(text),
		}
	}
	replaced(2, "", 29*24*time.Hour)
	require.NoError(t, e.entitled())
	replaced(2, "", 31*24*time.Hour)
	require.ErrorContains(t, e.entitled(), "the definition of the run was replaced at 2026-10-27T12:00:00Z, and is too old to count")
	for key, kept := range e.archive.entries { // it was put back
		if kept.Seq == 1 {
			kept.Seq = 3
			e.archive.entries[key+"/wipe/2"] = kept
		}
	}
	require.NoError(t, e.entitled())
	replaced(4, strings.Repeat("0", 64), time.Hour)
	require.NoError(t, e.entitled())
}
