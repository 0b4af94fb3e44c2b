package activities

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// site is an engine, a product and a router in memory. What a test does not set answers well.
type site struct {
	Engine
	mu       sync.Mutex
	replicas []scaling.Replica
	status   func(url string) (int, error)
	gauge    func(n int) (float64, bool, error)
	serving  func(n int) []int
	told     []string
	drainErr error
	// drain is the path by which the host's configuration drains a consumer.
	drain     string
	applied   [][]string
	questions int
	// place is where the router stands, present what its upstream has now, reach how a look from there ends.
	place   scaling.Place
	placed  error
	present []string
	reach   func(addresses []string) error
	lives   map[string]scaling.Life
	lifeErr error
	looked  int
	// away is what the engine says to a question for replicas.
	away error
}

func (s *site) Place(context.Context) (scaling.Place, error) { return s.place, s.placed }

func (s *site) Members(string) ([]string, error) { return s.present, nil }

func (s *site) Reach(_ context.Context, addresses []string) error {
	if s.reach == nil {
		return nil
	}
	return s.reach(addresses)
}

func (s *site) Life(_ context.Context, id string, words bool) (scaling.Life, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.looked++
	life := s.lives[id]
	if !words {
		life.LastLines = nil
	}
	return life, s.lifeErr
}

func (s *site) Inventory(context.Context, string) (scaling.Inventory, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return scaling.Inventory{Replicas: s.replicas}, nil
}

func (s *site) Replicas(ctx context.Context, project, service string) ([]scaling.Replica, error) {
	inventory, err := s.Inventory(ctx, project)
	if s.away != nil {
		return nil, s.away
	}
	return inventory.Of(service), err
}

func (s *site) Get(_ context.Context, url string) (int, error) {
	if s.status == nil {
		return 200, nil
	}
	return s.status(url)
}

func (s *site) Gauge(context.Context, string, string) (float64, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.questions++
	if s.gauge == nil {
		return 0, true, nil
	}
	return s.gauge(s.questions)
}

func (s *site) Drain(_ context.Context, url string) error {
	s.told = append(s.told, "drain "+url)
	return s.drainErr
}

func (s *site) Resume(_ context.Context, url string) error {
	s.told = append(s.told, "resume "+url)
	return nil
}

func (s *site) Apply(_ context.Context, upstream string, servers []string) ([]int, error) {
	s.applied = append(s.applied, append([]string{upstream}, servers...))
	return []int{7}, nil
}

func (s *site) Serving(_ context.Context, _ []int) ([]int, error) {
	if s.serving == nil {
		return nil, nil
	}
	return s.serving(s.questions), nil
}

func (s *site) adapters() *Replicas {
	return &Replicas{Engine: s, Prober: s, Projects: Projects{"shop": {
		Name: "shop", Product: s, Nginx: s, Endpoints: map[string]scaling.Endpoint{"app": {Port: 80, Drain: s.drain}},
	}}}
}

func two(state, health string) []scaling.Replica {
	back := func(address string) []scaling.Attachment {
		return []scaling.Attachment{{NetworkID: "n1", Network: "shop_back", Driver: "bridge", Address: address}}
	}
	return []scaling.Replica{
		{ID: "a", Name: "shop-app-1", Service: "app", Number: 1, State: "running", Address: "10.0.0.1", Networks: back("10.0.0.1")},
		{ID: "b", Name: "shop-app-2", Service: "app", Number: 2, State: state, Health: health, Address: "10.0.0.2", Networks: back("10.0.0.2")},
	}
}

func ask(ids ...string) ReplicasRequest {
	return ReplicasRequest{
		Project: "shop", Service: "app", IDs: ids,
		Policy:   scaling.Policy{WarmUpSeconds: 1, HealthySeconds: 2, DrainSeconds: 2, StopSeconds: 1},
		Endpoint: scaling.Endpoint{Port: 80, Ready: "/ready", Health: "/health", Metrics: "/metrics", InFlight: "in_flight", Upstream: "app"},
	}
}

func class(t *testing.T, err error) string {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	return app.Type()
}

func TestAwaitReady(t *testing.T) {
	for name, c := range map[string]struct {
		site *site
		want string
	}{
		"ready":           {&site{replicas: two("running", "")}, ""},
		"crashed":         {&site{replicas: two("exited", ""), lives: map[string]scaling.Life{"b": {State: "exited", ExitCode: 3, LastLines: []string{"no", "database"}}}}, "shop-app-2 exited with code 3; its last lines: no | database"},
		"killed":          {&site{replicas: two("exited", ""), lives: map[string]scaling.Life{"b": {State: "exited", ExitCode: 137, OOMKilled: true}}}, "shop-app-2 was killed for want of memory (code 137); it had logged nothing"},
		"restarting":      {&site{replicas: two("restarting", ""), lives: map[string]scaling.Life{"b": {State: "restarting", ExitCode: 1}}}, "shop-app-2 exited with code 1"},
		"paused":          {&site{replicas: two("paused", ""), lives: map[string]scaling.Life{"b": {State: "paused"}}}, "shop-app-2 is paused"},
		"gone unseen":     {&site{replicas: two("exited", ""), lifeErr: Fail(NotFound, errors.New("no such container"))}, "shop-app-2 is exited, and no more is known of it: no such container"},
		"gone":            {&site{replicas: two("running", "")[:1]}, "1 of 2 replicas of app are gone"},
		"never ready":     {&site{replicas: two("running", ""), status: func(string) (int, error) { return 503, nil }}, "not ready within 1s: shop-app-1 answers 503"},
		"does not answer": {&site{replicas: two("running", ""), status: func(string) (int, error) { return 0, errors.New("refused") }}, "shop-app-1: refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.site.adapters().AwaitReady(t.Context(), ask("a", "b"))
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, PreconditionFailed, class(t, err))
		})
	}
}

// An engine that is away is asked again until the time is over, and then the wait ends.
func TestWaitsEndWithoutAnEngine(t *testing.T) {
	d := &docks{inventory: Fail(Unavailable, errors.New("the engine does not answer"))}
	replicas := &Replicas{Engine: d, Prober: d}
	request := ask("a")
	err := replicas.AwaitReady(t.Context(), request)
	require.Equal(t, Unavailable, class(t, err), "there is time for another attempt")
	request.Policy.WarmUpSeconds, request.Policy.HealthySeconds = 0, 0
	err = replicas.AwaitReady(t.Context(), request)
	require.Equal(t, PreconditionFailed, class(t, err))
	require.ErrorContains(t, err, "not ready within 0s: the engine does not answer")
	err = replicas.CheckHealthy(t.Context(), request)
	require.Equal(t, PreconditionFailed, class(t, err))
	require.ErrorContains(t, err, "not healthy within 0s: the engine does not answer")
	d.inventory = errors.New("server error") // has no class and would be retried, too
	require.Equal(t, PreconditionFailed, class(t, replicas.AwaitReady(t.Context(), request)))
	d.inventory = Fail(PermissionDenied, errors.New("socket"))
	require.Equal(t, PermissionDenied, class(t, replicas.AwaitReady(t.Context(), request)))
}

func TestCheckHealthyWantsSeveralInARow(t *testing.T) {
	asked := 0
	s := &site{replicas: two("running", "healthy")}
	s.status = func(url string) (int, error) {
		asked++
		if asked == 3 { // one bad answer starts the count again
			return 500, nil
		}
		require.True(t, strings.HasSuffix(url, "/health"))
		return 200, nil
	}
	require.NoError(t, s.adapters().CheckHealthy(t.Context(), ask("a", "b")))
	require.Equal(t, 3+2*healthyInARow, asked)
}

func TestCheckHealthyBelievesTheContainersOwnCheck(t *testing.T) {
	err := (&site{replicas: two("running", "unhealthy"), lives: map[string]scaling.Life{"b": {LastCheck: "exited with 1: no database"}}}).
		adapters().CheckHealthy(t.Context(), ask("a", "b"))
	require.ErrorContains(t, err, "shop-app-2 fails its container health check; the check exited with 1: no database")
}

// Where no path says that a replica is healthy, its container check does, and the warm-up is long enough for its first
// word.
func TestAwaitReadyWaitsForTheContainersOwnCheck(t *testing.T) {
	request := ask("a", "b")
	s := &site{replicas: two("running", "starting"), lives: map[string]scaling.Life{"b": {LastCheck: "exited with 1: no database"}}}
	require.NoError(t, s.adapters().AwaitReady(t.Context(), request), "a path says it")
	request.Endpoint.Health = ""
	err := s.adapters().AwaitReady(t.Context(), request)
	require.ErrorContains(t, err, "not ready within 1s: shop-app-2 has not passed its container health check yet; the check exited with 1: no database")
}

func TestDrainWaitsForRequestsAndRouter(t *testing.T) {
	s := &site{replicas: two("running", "")}
	s.gauge = func(n int) (float64, bool, error) {
		if n < 3 {
			return 2, true, nil
		}
		return 0, true, nil
	}
	s.serving = func(n int) []int {
		if n < 4 {
			return []int{7}
		}
		return nil
	}
	left, err := s.adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: ask("b"), Workers: []int{7}})
	require.NoError(t, err)
	require.Zero(t, left)
	require.GreaterOrEqual(t, s.questions, 3+idleInARow)
	require.Empty(t, s.told, "a routed service is not told")
}

// A replica that does not answer may be at work; time runs out and says so.
func TestDrainEndsWithWhatIsLeft(t *testing.T) {
	s := &site{replicas: two("running", ""), gauge: func(int) (float64, bool, error) { return 0, false, errors.New("reset") }}
	left, err := s.adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: ask("a", "b")})
	require.NoError(t, err)
	require.Equal(t, 2, left.InFlight)
}

func TestDrainTellsAConsumer(t *testing.T) {
	request := ask("a", "b")
	request.Endpoint.Upstream, request.Endpoint.Drain = "", "/elsewhere" // which gets no token
	s := &site{replicas: two("exited", ""), drain: "/drain"}
	_, err := s.adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: request})
	require.NoError(t, err)
	require.NoError(t, s.adapters().ResumeReplicas(t.Context(), request))
	require.Equal(t, []string{"drain http://10.0.0.1:80/drain", "resume http://10.0.0.1:80/drain"}, s.told)
}

// A consumer without a drain path is drained by SIGTERM: there is nothing to wait for before it.
func TestDrainOfASilentConsumerIsLeftToSIGTERM(t *testing.T) {
	request := ask("a")
	request.Endpoint.Upstream, request.Policy.DrainSeconds = "", 3600
	s := &site{replicas: two("running", ""), drain: "/drain", drainErr: Fail(NotFound, errors.New("404"))}
	left, err := s.adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: request})
	require.NoError(t, err)
	require.True(t, left.BySignal)
	require.Zero(t, s.questions)
}

// Without a count of what is at work the end of the router's old processes is proof for what came through it,
// and the drain does not take its whole time.
func TestDrainEndsWithTheRoutersProcesses(t *testing.T) {
	request := ask("b")
	request.Endpoint.InFlight, request.Policy.DrainSeconds = "", 60
	s, looks := &site{replicas: two("running", "")}, 0
	s.serving = func(int) []int {
		if looks++; looks < 5 {
			return []int{7}
		}
		return nil
	}
	begun := time.Now()
	left, err := s.adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: request, Workers: []int{7}})
	require.NoError(t, err)
	require.Equal(t, DrainResult{}, left)
	require.Equal(t, 5, looks)
	require.Zero(t, s.questions, "there is nothing to ask a replica")
	require.Less(t, time.Since(begun), 10*time.Second)

	request.Policy.DrainSeconds = 1
	s.serving = func(int) []int { return []int{7, 8} }
	left, err = s.adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: request, Workers: []int{7, 8}})
	require.NoError(t, err)
	require.Equal(t, DrainResult{Workers: 2}, left)
}

// A replica that hangs and is restarted for that is not waited for.
func TestDrainOfASilentOne(t *testing.T) {
	request := DrainRequest{ReplicasRequest: ask("b"), SilentIsIdle: true}
	request.Policy.DrainSeconds = 60
	s := &site{replicas: two("running", ""), gauge: func(int) (float64, bool, error) { return 0, false, errors.New("timeout") }}
	begun := time.Now()
	left, err := s.adapters().DrainReplicas(t.Context(), request)
	require.NoError(t, err)
	require.Zero(t, left)
	require.Less(t, time.Since(begun), 10*time.Second)

	// One that answers is waited for all the same.
	request.Policy.DrainSeconds = 1
	s.gauge = func(int) (float64, bool, error) { return 1, true, nil }
	left, err = s.adapters().DrainReplicas(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, 1, left.InFlight)
}

// A consumer that hangs cannot be told to take no work. It is tried until the drain time is over, or not at all
// where its silence says enough; then SIGTERM tells it. The others are told meanwhile.
func TestDrainOfADeafConsumer(t *testing.T) {
	request := DrainRequest{ReplicasRequest: ask("a", "b")}
	request.Endpoint.Upstream, request.Policy.DrainSeconds = "", 3600
	s := &site{replicas: two("running", ""), drain: "/drain", drainErr: Fail(Unavailable, errors.New("timeout"))}
	_, err := s.adapters().DrainReplicas(t.Context(), request)
	require.Equal(t, Unavailable, class(t, err), "there is time for another attempt")
	require.Equal(t, []string{"drain http://10.0.0.1:80/drain", "drain http://10.0.0.2:80/drain"}, s.told)

	request.SilentIsIdle = true
	left, err := s.adapters().DrainReplicas(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, DrainResult{BySignal: true}, left)

	request.SilentIsIdle, request.Policy.DrainSeconds = false, 0
	left, err = s.adapters().DrainReplicas(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, DrainResult{BySignal: true}, left)

	s.drainErr = Fail(PermissionDenied, errors.New("401"))
	_, err = s.adapters().DrainReplicas(t.Context(), request)
	require.Equal(t, PermissionDenied, class(t, err), "one that says no is not silent")
}

// Nothing is known of a service that the configuration does not list: SIGTERM is the first that it hears.
// An engine that is away is not a consumer that is silent, and what came through the router is waited for whether a
// consumer answers or not.
func TestDrainTellsSilenceFromAnAbsentEngine(t *testing.T) {
	request := DrainRequest{ReplicasRequest: ask("b"), Workers: []int{7}, SilentIsIdle: true}
	request.Endpoint.InFlight, request.Policy.DrainSeconds = "", 60
	s := &site{replicas: two("running", ""), drain: "/drain", away: Fail(Unavailable, errors.New("no engine"))}
	_, err := s.adapters().DrainReplicas(t.Context(), request)
	require.Equal(t, Unavailable, class(t, err))
	require.Empty(t, s.told)

	s.away, s.drainErr = nil, Fail(Unavailable, errors.New("timeout"))
	looks := 0
	s.serving = func(int) []int {
		if looks++; looks < 4 {
			return []int{7}
		}
		return nil
	}
	left, err := s.adapters().DrainReplicas(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, DrainResult{BySignal: true}, left)
	require.Equal(t, 4, looks)
}

func TestDrainOfAnUnlistedService(t *testing.T) {
	request := ask("a")
	request.Service, request.Endpoint = "redis", scaling.Endpoint{}
	left, err := (&site{replicas: two("running", "")}).adapters().DrainReplicas(t.Context(), DrainRequest{ReplicasRequest: request})
	require.NoError(t, err)
	require.Equal(t, DrainResult{BySignal: true}, left)
}

func TestPollHandsTheWorkOverWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := poll(ctx, time.Now().Add(time.Hour), time.Millisecond, func(context.Context) (bool, error) { return false, nil })
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
