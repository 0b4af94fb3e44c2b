package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Declared says why a call is no step of a definition that this host has installed; nil is that it is. What no definition
// says is not done, so that a step is what its definition calls it. It refuses with PermissionDenied.
func (p *People) Declared(ctx context.Context, run string, call runbook.ActCall, now time.Time) error {
	_, err := p.declared(ctx, run, call, now)
	return err
}

func (p *People) declared(ctx context.Context, run string, call runbook.ActCall, now time.Time) (runbook.Program, error) {
	program, err := p.installed(ctx, call.Definition, now)
	if err != nil {
		return program, err
	}
	if d := program.Definition; !d.IsRun(run, p.Host, call.Project) {
		return program, Fail(PermissionDenied, fmt.Errorf("%s is no run of the runbook %s", run, d.Name))
	}
	return program, Fail(PermissionDenied, program.Does(call))
}

// Entitled says why persons do not allow a destructive effect: it holds what they signed against what is about to be
// done, whatever the run says of it; nil is that they do. run and runID are the workflow's, as Temporal says. It refuses
// with PermissionDenied.
func (p *People) Entitled(ctx context.Context, run, runID string, call runbook.ActCall, now time.Time) error {
	program, err := p.declared(ctx, run, call, now)
	if err != nil {
		return err
	}
	if call.Run != runID { // an approval is used up by the run that the call names: with another name it would be there again
		return Fail(PermissionDenied, fmt.Errorf("the call is one of the run %q, and this is %s", call.Run, runID))
	}
	demand, ok := program.Demands(call.Path)
	if !ok {
		return Fail(PermissionDenied, fmt.Errorf("no gate of the runbook %s approves %s", program.Definition.Name, call.Path))
	}
	words := []*identity.Word{call.Start}
	for i := range call.Words {
		words = append(words, &call.Words[i])
	}
	trust, err := p.trust(words...)
	if err != nil {
		return err
	}
	initiator, _, err := p.initiator(ctx, trust, run, runID, call.Start)
	if err != nil {
		return err
	}
	need := demand.Min
	if demand.NotInitiator && (initiator == nil || !initiator.IsPerson()) {
		need++ // so that one of them at least is somebody else
	}
	counted := count(call.Words, initiator, demand, func(w identity.Word) (identity.Proof, error) {
		w.Statement = expected(p.Cluster, p.Host, run, runID, call, w.Statement)
		return p.approves(ctx, trust, demand, w, now)
	})
	if counted.count < need {
		return Fail(PermissionDenied, fmt.Errorf("%s is approved by %d persons that can be proven, and needs %d%s", call.Path, counted.count, need, counted.why()))
	}
	return nil
}

// count counts the persons who approve, by the request: who says no to one takes with them who has said yes to it. It
// returns the count of the request that has most.
func count(words []identity.Word, initiator *identity.Proof, demand runbook.Demand, approves func(identity.Word) (identity.Proof, error)) *counting {
	asked, best := map[string]*counting{}, &counting{}
	for _, w := range words {
		c, ok := asked[w.Statement.Request]
		if !ok {
			c = &counting{persons: map[string]bool{}}
			asked[w.Statement.Request] = c
		}
		proof, err := approves(w)
		switch {
		case err != nil:
			c.faults = append(c.faults, w.Statement.Who+": "+err.Error())
		case demand.NotInitiator && initiator != nil && initiator.Same(proof):
			c.faults = append(c.faults, w.Statement.Who+": started the run")
		default:
			c.take(proof)
		}
		if best.persons == nil || c.count > best.count {
			best = c
		}
	}
	return best
}

// counting counts the persons who have said yes to one request, each once.
type counting struct {
	persons map[string]bool
	count   int
	faults  []string
}

func (c *counting) take(p identity.Proof) {
	seen := c.persons[p.Person] || p.Login != "" && c.persons[p.Login]
	c.persons[p.Person] = true
	if p.Login != "" {
		c.persons[p.Login] = true
	}
	if !seen {
		c.count++
	}
}

func (c *counting) why() string {
	if len(c.faults) == 0 {
		return ""
	}
	return ": " + strings.Join(c.faults, "; ")
}

// expected is the statement that an approval of the call must be: all that decides is what this worker sees itself, and
// the rest the person's own.
func expected(cluster, host, run, runID string, call runbook.ActCall, said identity.Statement) identity.Statement {
	said.Cluster, said.Do, said.Host, said.Run, said.RunID, said.Step = cluster, request.Approve, host, run, runID, ""
	said.Plan, said.Shown = call.PlanSHA256, "" // what says only what was shown allows nothing
	arguments := map[string]string{}
	maps.Copy(arguments, said.Arguments) // a gate may allow other steps beside this one
	arguments[request.DefinitionArgument] = call.Definition
	arguments[call.Path] = request.Effect{Step: call.Path, Attempt: call.Attempt, Uses: call.Uses, Arguments: call.With, Argv: call.Argv}.Allowed()
	said.Arguments = arguments
	return said
}

// approves says who approves, or why that does not count.
func (p *People) approves(ctx context.Context, trust identity.Trust, d runbook.Demand, w identity.Word, now time.Time) (identity.Proof, error) {
	s := w.Statement
	workflow, step, run, ok := request.Split(s.Request)
	switch {
	case !ok || workflow != s.Run || request.Gate(step) != d.Gate || run == "" || !strings.HasSuffix(s.RunID, run):
		return identity.Proof{}, fmt.Errorf("it is for %s, and not for %s of this run", s.Request, d.Gate)
	case s.Until.IsZero() || now.After(s.Until):
		return identity.Proof{}, fmt.Errorf("it ended at %s", s.Until.UTC().Format(time.RFC3339))
	case s.At.Sub(now) > identity.MaxApart: // it would hold for longer than the gate gives, counted from now
		return identity.Proof{}, fmt.Errorf("it was said at %s, and it is %s", s.At.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	case s.Until.Sub(s.At) > d.Longest()+identity.MaxApart:
		return identity.Proof{}, fmt.Errorf("it holds for longer than the gate gives, which is %s", d.Longest())
	}
	proof, err := trust.Prove(identity.AnswerNamespace, s, w.Evidence, now)
	if err != nil {
		return proof, err
	}
	if !p.inAny(ctx, d.Groups, proof.Kind, s.Who, s.At) {
		return proof, fmt.Errorf("is in none of the groups %s", strings.Join(d.Groups, ", "))
	}
	return proof, nil
}

// initiator is who started the run, where that is proven, and when that was: the start was used for this run and no other,
// at the time of its entry by the clock of the host that used it.
func (p *People) initiator(ctx context.Context, trust identity.Trust, run, runID string, start *identity.Word) (*identity.Proof, time.Time, error) {
	none := time.Time{}
	if start == nil {
		return nil, none, nil
	}
	s := start.Statement
	s.Cluster, s.Do, s.Host, s.Run, s.RunID = p.Cluster, identity.Start, p.Host, run, ""
	text, err := s.Text()
	if err != nil {
		return nil, none, Fail(InvalidInput, err)
	}
	used, err := p.startOf(ctx, run, runID)
	if err != nil || used == nil || used.Key != identity.UsedKey(text) {
		return nil, none, err
	}
	at, err := time.Parse(time.RFC3339, used.At)
	if err != nil {
		return nil, none, err
	}
	proof, err := trust.Prove(identity.StartNamespace, s, start.Evidence, at)
	if err != nil || at.Sub(s.At).Abs() > identity.MaxApart {
		return nil, none, nil // then nobody is known to have started it
	}
	return &proof, at, nil
}

// replacedHolds is for how long a definition counts when its host has another one of that name: no run waits as long.
const replacedHolds = 30 * 24 * time.Hour

// installed is the definition that this host has, or had until lately, under a hash.
func (p *People) installed(ctx context.Context, sum string, now time.Time) (runbook.Program, error) {
	if program, ok := p.Installed[sum]; ok {
		return program, nil
	}
	d, err := p.replaced(ctx, sum, now)
	if err != nil {
		return runbook.Program{}, err
	}
	return runbook.Lay(d), nil
}

// replaced is a definition that this host had, as its ledger knows it.
func (p *People) replaced(ctx context.Context, sum string, now time.Time) (runbook.Definition, error) {
	unknown := Fail(PermissionDenied, errors.New("the ledger does not know that this host had the definition of the run"))
	found, err := p.Ledger.Read(ctx, ledger.Filter{KeyPrefix: runbook.InstalledKey(p.Host, sum), Kind: runbook.InstalledKind, NewestFirst: true, Limit: 1})
	if err != nil {
		return runbook.Definition{}, err
	}
	var kept runbook.Installed
	if len(sum) != 64 || len(found) != 1 || json.Unmarshal([]byte(found[0].Data), &kept) != nil {
		return runbook.Definition{}, unknown
	}
	is, err := kept.Definition.Sum()
	if err != nil || is != sum || kept.Host != p.Host {
		return runbook.Definition{}, unknown
	}
	later, err := p.Ledger.Read(ctx, ledger.Filter{
		KeyPrefix: runbook.InstalledKey(p.Host, ""), Kind: runbook.InstalledKind, Subject: found[0].Subject, AfterSeq: found[0].Seq, Limit: 1,
	})
	if err != nil || len(later) == 0 {
		return kept.Definition, err
	}
	if at, err := time.Parse(time.RFC3339, later[0].At); err != nil || now.Sub(at) > replacedHolds {
		return runbook.Definition{}, Fail(PermissionDenied, fmt.Errorf("the definition of the run was replaced at %s, and is too old to count", later[0].At))
	}
	return kept.Definition, nil
}
