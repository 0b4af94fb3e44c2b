package activities

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Append keeps an entry as a ledger does.
func (s *archive) Append(_ context.Context, d ledger.Draft) (ledger.Entry, error) {
	old, ok := s.entries[d.Key]
	if ok && !old.Says(d) {
		return old, Fail(Conflict, errKept)
	}
	if !ok {
		old = d.Seal(ledger.Beginning())
		s.entries[d.Key] = old
	}
	return old, nil
}

var errKept = Fail(Conflict, context.Canceled)

// The run in which the test environment does activities.
const (
	testRun   = "default-test-workflow-id"
	testRunID = "default-test-run-id"
)

// taking is a host with two replicas, of which a run takes some away, and persons whose word counts.
type taking struct {
	*entitlement
	docks  *docks
	docker *Docker
}

func newTaking(t *testing.T) *taking {
	t.Helper()
	e := newEntitlement(t, func(*runbook.Gate) {})
	e.now = time.Now().UTC().Truncate(time.Second)
	d := &docks{}
	d.replicas = two("running", "")
	docker := d.docker(&file{}, nil)
	docker.People = e.people
	docker.Projects["shop"].Policies = map[string]scaling.Policy{"app": {Min: 2}}
	return &taking{e, d, docker}
}

// removes is what becomes of taking replicas away for good.
func (s *taking) removes(allowed *Allowed, ids ...string) error {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(s.docker.RemoveReplicas)
	request := ask(ids...)
	request.Allowed, request.Uses, request.Policy.Min = allowed, runbook.ScaleOperation, 0 // what it says of the policy does not count
	_, err := env.ExecuteActivity(s.docker.RemoveReplicas, request)
	return err
}

// asks is a start of a change as anna says it.
func (s *taking) asks(change func(*identity.Statement)) *Allowed {
	s.t.Helper()
	said := identity.Statement{
		Cluster: "here", Do: identity.Start, Who: "anna@example.com", Host: "gpu-1", Run: testRun, Step: ScaleStep, At: s.now, Nonce: "n",
		Arguments: map[string]string{"project": "shop", "service": "app", "replicas": "1", BelowMinimum: "yes"},
	}
	change(&said)
	w := s.sign("anna", identity.StartNamespace, said)
	text, err := said.Text()
	require.NoError(s.t, err)
	s.archive.entries[identity.UsedKey(text)] = ledger.Entry{Kind: identity.UsedKind, WorkflowID: testRun, RunID: testRunID}
	return &Allowed{Start: &w}
}

// Below the minimum of the host's own policy nothing goes for good that nobody is proven to have asked for.
func TestBelowTheMinimum(t *testing.T) {
	same := func(*identity.Statement) {}
	for name, c := range map[string]struct {
		allowed func(*taking) *Allowed
		ids     []string
		want    string // "" is that they go
	}{
		"asked for":          {func(s *taking) *Allowed { return s.asks(same) }, []string{"b"}, ""},
		"nobody has said so": {func(*taking) *Allowed { return nil }, []string{"b"}, "1 replicas of app would be left, below the minimum of its policy: nobody is proven"},
		"nobody, in words":   {func(*taking) *Allowed { return &Allowed{} }, []string{"b"}, "nobody is proven to have asked for it"},
		"more than asked":    {func(s *taking) *Allowed { return s.asks(same) }, []string{"a", "b"}, "has said that 1 replicas of app stay, and 0 would"},
		"another service": {func(s *taking) *Allowed {
			return s.asks(func(s *identity.Statement) { s.Arguments["service"] = "web" })
		}, []string{"b"}, "does not take app below the minimum"},
		"another project": {func(s *taking) *Allowed {
			return s.asks(func(s *identity.Statement) { s.Arguments["project"] = "bank" })
		}, []string{"b"}, "does not take app below the minimum"},
		"not below": {func(s *taking) *Allowed {
			return s.asks(func(s *identity.Statement) { delete(s.Arguments, BelowMinimum) })
		}, []string{"b"}, "does not take app below the minimum"},
		"another run": {func(s *taking) *Allowed {
			a := s.asks(same)
			for key, e := range s.archive.entries {
				e.RunID = "another"
				s.archive.entries[key] = e
			}
			return a
		}, []string{"b"}, "nobody is proven to have asked for it"},
		"changed behind the signature": {func(s *taking) *Allowed {
			a := s.asks(same)
			a.Start.Statement.Arguments["replicas"] = "0"
			return a
		}, []string{"a", "b"}, "nobody is proven to have asked for it"},
		"somebody who may start nothing": {func(s *taking) *Allowed {
			s.people.Approvals.Starters = []string{"sre"}
			return s.asks(same)
		}, []string{"b"}, "anna@example.com may start nothing here"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTaking(t)
			err := s.removes(c.allowed(s), c.ids...)
			if c.want == "" {
				require.NoError(t, err)
				require.Len(t, s.docks.replicas, 2-len(c.ids))
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, PermissionDenied, class(t, err))
			require.Len(t, s.docks.replicas, 2, "nothing was done")
		})
	}
}

// A step of a runbook allows what was approved, in the one run that used the approval up first.
func TestBelowTheMinimumForARunbook(t *testing.T) {
	allowed := func(s *taking) *Allowed {
		s.call.Uses, s.call.With, s.call.Argv = runbook.ScaleOperation, condition.Values{"service": "app", "replicas": 1}, nil
		s.approve("ben")
		return &Allowed{Call: &s.call, Run: wipeRun, RunID: runOne}
	}
	s := newTaking(t)
	require.NoError(t, s.removes(allowed(s), "b"))
	require.NoError(t, s.removes(&Allowed{Call: &s.call, Run: wipeRun, RunID: runOne}, "b"), "a retry")

	s = newTaking(t)
	a := allowed(s)
	require.ErrorContains(t, s.removes(a, "a", "b"), "what was approved is service.scale of app in shop, and not to leave 0 replicas of app")
	a.Call.With["replicas"] = 0
	require.ErrorContains(t, s.removes(a, "a", "b"), "it is not over this text")

	s = newTaking(t)
	a = allowed(s)
	a.RunID = "0190-bbbb-00000009"
	require.ErrorContains(t, s.removes(a, "b"), "wipe is approved by 0 persons")

	s = newTaking(t)
	a = allowed(s)
	require.NoError(t, s.removes(a, "b"))
	for key, e := range s.archive.entries {
		if e.Kind == runbook.StartedKind {
			e.RunID = "another" // which used it up first
			s.archive.entries[key] = e
		}
	}
	s.docks.replicas = two("running", "")
	require.ErrorContains(t, s.removes(a, "b"), "the approval was used up by another run")
}

// What is no replica of the service is not removed, whatever a request says, and within the bounds nobody has to ask.
func TestRemoveOnlyItsOwn(t *testing.T) {
	s := newTaking(t)
	s.docker.Projects["shop"].Policies["app"] = scaling.Policy{Min: 1}
	require.NoError(t, s.removes(nil, "somebody-elses", "b"))
	require.Equal(t, []string{"remove b"}, s.docks.did)
	require.ErrorContains(t, s.removes(nil, "a"), "0 replicas of app would be left")
}
