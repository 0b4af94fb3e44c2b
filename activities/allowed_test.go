package activities

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// The run in which the test environment does activities.
const (
	testRun   = "default-test-workflow-id"
	testRunID = "default-test-run-id"
)

// takings are a host with two replicas, of which a run takes some away, and persons whose word counts.
type takings struct {
	*entitlement
	docks  *docks
	docker *Docker
}

func newTaking(t *testing.T) *takings {
	t.Helper()
	e := newEntitlement(t, func(*runbook.Gate) {})
	e.now = time.Now().UTC().Truncate(time.Second)
	d := &docks{}
	d.replicas = two("running", "")
	docker := d.docker(&file{}, nil)
	docker.People = e.people
	docker.Projects["shop"].Policies = map[string]scaling.Policy{"app": {Min: 2}}
	return &takings{e, d, docker}
}

// removes is what becomes of taking replicas away for good.
func (s *takings) removes(allowed *Allowed, ids ...string) error {
	request := ask(ids...)
	request.Allowed, request.Policy.Min = allowed, 0 // what it says of the policy does not count
	return inRun(s.docker.RemoveReplicas, request)
}

// asks is a start of a change as anna says it.
func (s *takings) asks(change func(*identity.Statement)) *Allowed {
	s.t.Helper()
	said := identity.Statement{
		Cluster: "here", Do: identity.Start, Who: "anna@example.com", Host: "gpu-1", Run: testRun, Step: ScaleStep, At: s.now, Nonce: "n",
		Arguments: map[string]string{"project": "shop", "service": "app", "replicas": "1", BelowMinimum: "yes"},
	}
	change(&said)
	w := s.sign("anna", identity.StartNamespace, said)
	text, err := said.Text()
	require.NoError(s.t, err)
	s.archive.entries[identity.UsedKey(text)] = ledger.Entry{Kind: identity.UsedKind, At: s.now.Format(time.RFC3339), Subject: testRun, WorkflowID: testRun, RunID: testRunID}
	return &Allowed{Start: &w}
}

// Below the minimum of the host's own policy nothing goes for good that nobody is proven to have asked for.
func TestBelowTheMinimum(t *testing.T) {
	same := func(*identity.Statement) {}
	for name, c := range map[string]struct {
		allowed func(*takings) *Allowed
		ids     []string
		want    string // "" is that they go
	}{
		"asked for":          {func(s *takings) *Allowed { return s.asks(same) }, []string{"b"}, ""},
		"nobody has said so": {func(*takings) *Allowed { return nil }, []string{"b"}, "1 replicas of app would be left, below the minimum of its policy: nobody is proven"},
		"nobody, in words":   {func(*takings) *Allowed { return &Allowed{} }, []string{"b"}, "nobody is proven to have asked for it"},
		"more than asked":    {func(s *takings) *Allowed { return s.asks(same) }, []string{"a", "b"}, "has said that 1 replicas of app stay, and 0 would"},
		"another service": {func(s *takings) *Allowed {
			return s.asks(func(s *identity.Statement) { s.Arguments["service"] = "web" })
		}, []string{"b"}, "does not take app below the minimum"},
		"another project": {func(s *takings) *Allowed {
			return s.asks(func(s *identity.Statement) { s.Arguments["project"] = "bank" })
		}, []string{"b"}, "does not take app below the minimum"},
		"not below": {func(s *takings) *Allowed {
			return s.asks(func(s *identity.Statement) { delete(s.Arguments, BelowMinimum) })
		}, []string{"b"}, "does not take app below the minimum"},
		"another run": {func(s *takings) *Allowed {
			a := s.asks(same)
			for key, e := range s.archive.entries {
				e.RunID = "another"
				s.archive.entries[key] = e
			}
			return a
		}, []string{"b"}, "nobody is proven to have asked for it"},
		"changed behind the signature": {func(s *takings) *Allowed {
			a := s.asks(same)
			a.Start.Statement.Arguments["replicas"] = "0"
			return a
		}, []string{"a", "b"}, "nobody is proven to have asked for it"},
		"somebody who may start nothing": {func(s *takings) *Allowed {
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
	allowed := func(s *takings) *Allowed {
		s.call.Path, s.call.Uses, s.call.With, s.call.Argv = "fewer", runbook.ScaleOperation, condition.Values{"service": "app", "replicas": 1}, nil
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
	require.ErrorContains(t, s.removes(a, "b"), "and this is 0190-bbbb-00000009")

	s = newTaking(t)
	a = allowed(s)
	require.NoError(t, s.removes(a, "b"))
	for key, e := range s.archive.entries {
		if e.Kind == ServiceTaking {
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

// Within the bounds a proven start is no more than any other, and neither a stop nor a removal counts what is stopped
// among those that stay.
func TestWithinTheBounds(t *testing.T) {
	s := newTaking(t)
	s.docks.replicas = append(two("running", ""), scaling.Replica{ID: "c", Name: "shop-app-3", Service: "app", Number: 3, State: "running"})
	plain := s.asks(func(said *identity.Statement) {
		said.Arguments["replicas"] = "2"
		delete(said.Arguments, BelowMinimum)
	})
	request := ask("c")
	request.Allowed = plain
	require.NoError(t, inRun(s.docker.StopReplicas, request))
	request.IDs = []string{"b"}
	require.ErrorContains(t, inRun(s.docker.StopReplicas, request), "does not take app below the minimum")
	request.Allowed = nil
	require.ErrorContains(t, inRun(s.docker.StopReplicas, request), "1 replicas of app would be left, below the minimum of its policy")
	require.ErrorContains(t, s.removes(nil, "a", "b"), "0 replicas of app would be left")
	leaving := StartAgainRequest{ReplicasRequest: request, Leaving: true}
	_, err := resultInRun(s.docker.StartAgain, leaving)
	require.ErrorContains(t, err, "1 replicas of app would be left", "what is told to end once more is stopped")
	require.NoError(t, s.removes(nil, "c"))
	require.Equal(t, []string{"stop c within 1s (0 hooks)", "remove c"}, s.docks.did)
}

// Two at a time do not count each other's replicas among those that stay.
func TestTakenAtTheSameTime(t *testing.T) {
	s := newTaking(t)
	s.docker.Projects["shop"].Policies["app"] = scaling.Policy{Min: 1}
	_, over, err := s.docker.mayTake(t.Context(), taking{project: "shop", service: "app", ids: []string{"a"}})
	require.NoError(t, err)
	_, _, err = s.docker.mayTake(t.Context(), taking{project: "shop", service: "app", ids: []string{"b"}})
	require.ErrorContains(t, err, "0 replicas of app would be left")
	over()
	_, _, err = s.docker.mayTake(t.Context(), taking{project: "shop", service: "app", ids: []string{"b"}})
	require.NoError(t, err)
}

// An approved restart takes one replica after the other, of those that there were when it began.
func TestRestartIsAllowed(t *testing.T) {
	s := newTaking(t)
	s.docker.Projects["shop"].Policies["app"] = scaling.Policy{Min: 1}
	plan := func(a *Allowed) scaling.Restart {
		restart, err := resultInRun(s.docker.PlanRestart, RestartPlanRequest{Project: "shop", Service: "app", Allowed: a})
		require.NoError(t, err)
		return restart
	}
	require.Contains(t, plan(nil).Refusals[0].Message, "nobody is proven to have asked for it")
	s.call.Path, s.call.Uses, s.call.With, s.call.Argv = "again", runbook.RestartOperation, condition.Values{"service": "app"}, nil
	s.approve("ben")
	a := &Allowed{Call: &s.call, Run: wipeRun, RunID: runOne}
	require.Empty(t, plan(a).Refusals)
	stop := func(ids ...string) error {
		request := ask(ids...)
		request.Allowed = a
		return inRun(s.docker.StopReplicas, request)
	}
	require.ErrorContains(t, stop("a", "b"), "a restart takes one replica of app at a time, and these 2 would be away")
	require.NoError(t, stop("a"))
	require.NoError(t, stop("a"), "a retry")
	require.ErrorContains(t, stop("b"), "a restart takes one replica of app at a time")
	s.docks.become("a", "running")
	require.NoError(t, stop("b"))
	s.docks.become("b", "running")
	s.docks.replicas = append(s.docks.replicas, scaling.Replica{ID: "c", Name: "shop-app-3", Service: "app", Number: 3, State: "running"})
	require.ErrorContains(t, stop("c"), "is one of other replicas")
	require.ErrorContains(t, s.removes(a, "b"), "what was approved is service.restart of app")
	s.docks.become("a", "exited") // by itself, long after it was restarted
	require.ErrorContains(t, stop("b"), "these 2 would be away")
	s.docks.become("a", "running")
	for key, e := range s.archive.entries {
		if e.Kind == ServiceTaking {
			e.At = s.now.Add(-changeHolds - time.Minute).Format(time.RFC3339)
			s.archive.entries[key] = e
		}
	}
	require.ErrorContains(t, stop("a"), "the approval was for a change that began at")
}
