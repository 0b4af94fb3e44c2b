package slackfake

import (
	"net"
	"net/http"
	"strconv"
	"time"
)

// FaultKind is what happens to a call.
type FaultKind string

// What can happen to a call. Before and after mean: it was carried out, or it was not.
const (
	RateLimited FaultKind = "rate_limited" // 429 with Retry-After
	DropBefore  FaultKind = "drop_before"  // the connection is reset
	DropAfter   FaultKind = "drop_after"
	BadGateway  FaultKind = "502_before"
	GatewayLost FaultKind = "502_after"
	Unavailable FaultKind = "503_before"
	LostReply   FaultKind = "503_after"
	SlowReply   FaultKind = "slow_reply"  // carried out at once, answered after Delay
	ErrorAfter  FaultKind = "error_after" // carried out, and answered "ok": false with internal_error
	LateLanding FaultKind = "late"        // carried out Delay after the caller has given up
)

// Fault makes calls fail.
type Fault struct {
	// Method is the one that fails, "chat.postMessage"; empty is every one.
	Method string
	Kind   FaultKind
	// Probability is how often, from 0 to 1.
	Probability float64
	// Times bounds how often; 0 is any number.
	Times int
	// RetryAfter is what RateLimited says, in whole seconds; 0 leaves the header out.
	RetryAfter time.Duration
	Delay      time.Duration
}

type drawn struct {
	Fault
	left int
}

// Fail sets the faults, in place of those that there were. Of several for one method, the first that is drawn happens.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	for _, f := range faults {
		s.faults = append(s.faults, &drawn{f, f.Times})
	}
}

// draw says which fault happens to a call. The mutex is held.
func (s *Server) draw(method string) Fault {
	for _, f := range s.faults {
		if f.Method != "" && f.Method != method || f.Times > 0 && f.left == 0 || s.random.Float64() >= f.Probability {
			continue
		}
		f.left--
		return f.Fault
	}
	return Fault{}
}

// before does what a fault does to a call before it is carried out, and says whether that was all.
func (s *Server) before(w http.ResponseWriter, r *http.Request, f Fault) (done bool) {
	switch f.Kind {
	case RateLimited:
		if f.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
		}
		w.WriteHeader(http.StatusTooManyRequests)
	case DropBefore:
		reset(w)
	case BadGateway:
		w.WriteHeader(http.StatusBadGateway)
	case Unavailable:
		w.WriteHeader(http.StatusServiceUnavailable)
	case LateLanding:
		select {
		case <-r.Context().Done():
		case <-s.closed:
			return true
		}
		return !s.sleep(f.Delay)
	default:
		return false
	}
	return true
}

// after does what a fault does to the answer of a call, and says whether that was all.
func (s *Server) after(w http.ResponseWriter, f Fault) (done bool) {
	switch f.Kind {
	case DropAfter:
		reset(w)
	case GatewayLost:
		w.WriteHeader(http.StatusBadGateway)
	case LostReply:
		w.WriteHeader(http.StatusServiceUnavailable)
	case ErrorAfter:
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"ok":false,"error":"internal_error"}`))
	case SlowReply:
		return !s.sleep(f.Delay)
	default:
		return f.Kind == LateLanding
	}
	return true
}

// sleep says whether the time passed before the server was closed.
func (s *Server) sleep(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-s.closed:
		return false
	}
}

// reset ends the connection as a machine does that crashed.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no connection to take over
	}
	abort(conn)
}

func abort(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // then it ends less abruptly
	}
	conn.Close()
}
