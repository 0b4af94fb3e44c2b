//go:build e2e

package e2e

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/workflows"
)

// No request fails while the app of a product that drains on SIGTERM goes 1 → 4 → 1, and Compose
// takes what was made for its own.
func TestProductThatDrains(t *testing.T) {
	s := newSite(t, "ON_TERM=drain")
	requests := s.load("mode=fast")
	s.scale("app=4")
	s.requireReplicas(4)
	s.requireComposeAgrees(4)
	s.scale("app=1")
	s.requireReplicas(1)
	s.requireNoneFailed(requests)
	s.sub("queue consumers are drained", s.consumers)
	s.sub("the commands of the README", s.commands)
	s.sub("the run is in the Web UI", s.webUI)
}

// A product that exits at once on SIGTERM loses every request in flight: it never gets SIGTERM
// while it has one.
func TestProductThatExitsAtOnce(t *testing.T) {
	s := newSite(t, "ON_TERM=exit", "WARM_UP=2")
	s.sub("zero failed", func() {
		requests := s.load("mode=fast")
		s.scale("app=4")
		s.requireReplicas(4)
		s.scale("app=1")
		s.requireReplicas(1)
		s.requireNoneFailed(requests)
	})
	s.sub("zero failed with requests of 15 s", func() {
		short, long := s.load("mode=fast"), s.longRequests()
		s.scale("app=2")
		time.Sleep(2 * time.Second) // the new replica takes long requests too
		s.scale("app=1")
		s.requireReplicas(1)
		s.requireNoneFailed(short, long)
	})
	s.sub("zero failed with the worker killed in each phase", func() { s.disturbed(s.killInEachPhase) })
	s.sub("zero failed with the server restarted", func() { s.disturbed(s.restartInThirdPhase) })
	s.sub("zero failed with the worker stopped gracefully", func() { s.disturbed(s.stopInThirdPhase) })
	s.sub("random kills", func() { s.randomKills(shortKills, 1) })
	s.sub("cancelled in each phase", s.cancelInEachPhase)
	s.sub("one scale at a time", s.oneAtATime)
	s.sub("the naive order fails", s.naiveOrder)
}

// disturbed scales in both directions under load while something is broken, and nothing fails.
func (s *site) disturbed(breakIt func(step)) {
	requests := s.load("mode=fast")
	for _, step := range upThenDown {
		s.begin(step.target)
		breakIt(step)
		result, err := s.outcome()
		require.NoError(s.t, err)
		require.Equal(s.t, workflows.Scaled, result.Outcome)
		s.requireReplicas(step.replicas)
	}
	s.requireNoneFailed(requests)
}

func (s *site) killInEachPhase(step step) {
	event := int64(0)
	for _, activity := range step.activities {
		event = s.awaitActivity(activity, event)
		s.killWorker()
	}
}

func (s *site) restartInThirdPhase(step step) {
	s.awaitActivity(step.activities[2], 0)
	s.restartServer()
}

// stopInThirdPhase stops the worker as a service manager does. It hands its work over at once instead
// of finishing it, and no attempt is lost to a timeout.
func (s *site) stopInThirdPhase(step step) {
	s.awaitActivity(step.activities[2], 0)
	require.NoError(s.t, s.worker.Stop(time.Minute))
	s.startWorker()
}

// naiveOrder is what a person does by hand, and what most tools do: route as soon as the container
// runs, and stop before unrouting. It runs beside the other tests so that the difference is seen.
func (s *site) naiveOrder() {
	requests := s.load("mode=fast")
	s.naive(4)
	time.Sleep(2 * time.Second)
	s.naive(1)
	time.Sleep(2 * time.Second)
	report := requests.Stop()
	s.t.Logf("naive order: %s", report)
	require.Positive(s.t, report.Failed, "the naive order lost nothing: this test no longer tells the two apart")
}
