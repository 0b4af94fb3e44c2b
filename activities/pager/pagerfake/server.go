// Package pagerfake is a pager to test against: PagerDuty's Events API v2, and the webhook of paging, at one address on
// loopback. It shares no code with the clients that are tested against it.
package pagerfake

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// State is how an alert stands.
type State string

// The states. A resolved alert is opened again by the next trigger.
const (
	Triggered    State = "triggered"
	Acknowledged State = "acknowledged"
	Resolved     State = "resolved"
)

// Event is one that was taken in.
type Event struct {
	// Action is trigger, acknowledge or resolve.
	Action string
	// Severity is in the words of the service that was asked.
	Severity, Summary, Source, Link string
	Details                         map[string]string
}

// Options are what the pager takes.
type Options struct {
	// RoutingKey is the one key that PagerDuty knows.
	RoutingKey string
	// Token is what the webhook wants to see; empty is none.
	Token string
}

// Server is the pager.
type Server struct {
	options Options
	server  *httptest.Server
	closed  chan struct{}

	mu     sync.Mutex
	calls  int
	faults []Fault
	events map[string][]Event
	states map[string]State
}

// New starts a pager. Close ends it.
func New(o Options) *Server {
	s := &Server{options: o, closed: make(chan struct{}), events: map[string][]Event{}, states: map[string]State{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v2/enqueue", s.faulty(s.enqueue))
	mux.HandleFunc("POST /hook", s.faulty(s.hook))
	s.server = httptest.NewServer(mux)
	return s
}

// URL is the base address of PagerDuty's API.
func (s *Server) URL() string { return s.server.URL }

// HookURL is the address of the webhook.
func (s *Server) HookURL() string { return s.server.URL + "/hook" }

// Close ends the pager, and all calls that wait.
func (s *Server) Close() {
	close(s.closed)
	s.server.Close()
}

// Calls is how many calls came in, whatever became of them.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Events are those of one alert, in their order.
func (s *Server) Events(dedupKey string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events[dedupKey])
}

// Open are the alerts that are not resolved, by their key.
func (s *Server) Open() map[string]State {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := maps.Clone(s.states)
	maps.DeleteFunc(open, func(_ string, state State) bool { return state == Resolved })
	return open
}

// take takes an event in. An acknowledgement or a resolution of what is not open changes nothing.
func (s *Server) take(key string, e Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events[key] = append(s.events[key], e)
	was, known := s.states[key]
	switch open := known && was != Resolved; {
	case e.Action == "trigger" && !open:
		s.states[key] = Triggered
	case e.Action == "acknowledge" && open:
		s.states[key] = Acknowledged
	case e.Action == "resolve" && open:
		s.states[key] = Resolved
	}
}

// sleep says whether the time passed before the pager was closed.
func (s *Server) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.closed:
		return false
	}
}
