package pagerfake

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Kind is what happens to a call.
type Kind string

// What can happen to a call. Before and after mean: the event was taken in, or it was not.
const (
	RateLimited Kind = "429"
	Broken      Kind = "500"
	ResetBefore Kind = "reset_before"
	ResetAfter  Kind = "reset_after"
	Slow        Kind = "slow" // taken in at once, answered after Delay
)

// Fault happens to one call.
type Fault struct {
	Kind Kind
	// RetryAfter is what RateLimited says, in whole seconds; 0 leaves the header out.
	RetryAfter time.Duration
	Delay      time.Duration
}

// Fail sets what happens to the next calls, in their order, in place of what was set before.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

// next counts a call and returns its fault.
func (s *Server) next() (f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

// faulty lets the next fault happen to a call.
func (s *Server) faulty(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch f := s.next(); f.Kind {
		case RateLimited:
			if f.RetryAfter > 0 {
				w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
			}
			w.WriteHeader(http.StatusTooManyRequests)
		case Broken:
			w.WriteHeader(http.StatusInternalServerError)
		case ResetBefore:
			reset(w)
		case ResetAfter:
			handler(httptest.NewRecorder(), r)
			reset(w)
		case Slow:
			answer := httptest.NewRecorder()
			handler(answer, r)
			if s.sleep(f.Delay) {
				w.WriteHeader(answer.Code)
				w.Write(answer.Body.Bytes())
			}
		default:
			handler(w, r)
		}
	}
}

// reset ends the connection as a machine does that crashed.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it ends less abruptly
	}
	conn.Close()
}
