package ingress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/alert"
)

// Alerts starts what comes from outside.
type Alerts interface {
	// Start starts a run, or finds the one of that id at work, whatever the definition says of a second start. It may be
	// repeated. The error says that nothing is known to have been started.
	Start(ctx context.Context, start alert.Start) (joined bool, err error)
	// End tells a run, if it is at work, that its alert is resolved. It may be repeated.
	End(ctx context.Context, ended alert.Ended) error
}

// Seen is told what became of each alert and each delivery: hook is "alertmanager" or the name of a hook.
type Seen func(hook string, d alert.Decision)

const (
	// retryAfter is when a sender that got 503 may try again, in seconds.
	retryAfter = 5
	// startWait bounds how long the starts of one request may take together.
	startWait = 10 * time.Second
	// connections is how many senders may be connected at a time; the next one waits.
	connections = 32
)

// Outside are the handlers of what comes from outside.
type Outside struct {
	// Listen is the address as the configuration has it.
	Listen string
	// Alertmanager is nil where none may start anything.
	Alertmanager http.Handler
	Hooks        map[string]http.Handler
	// Slack takes in presses and commands; nil where none come in by HTTP.
	Slack *SlackHTTP
}

// Handler serves POST /hooks/NAME and /slack/… at the address where it listens, and nothing else. Whoever asks for another host than
// that is refused: a page that a browser shows must not reach it under a name of its own.
func (o Outside) Handler(at net.Addr) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{name}", func(w http.ResponseWriter, r *http.Request) {
		handler, ok := o.Hooks[r.PathValue("name")]
		switch {
		case r.PathValue("name") == string(alertmanager) && o.Alertmanager != nil:
			o.Alertmanager.ServeHTTP(w, r)
		case ok:
			handler.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
	if o.Slack != nil {
		mux.Handle("POST /slack/interactive", o.Slack.Interactive())
		mux.Handle("POST /slack/command", o.Slack.Command())
	}
	names := hostsOf(o.Listen, at)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(names, strings.ToLower(r.Host)) {
			http.Error(w, "this is not the host that was asked for", http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// hostsOf are the Host headers that mean a listener: its address as it was written and as it is, and localhost where that
// is loopback.
func hostsOf(listen string, at net.Addr) []string {
	names := []string{strings.ToLower(listen), at.String()}
	if a, err := netip.ParseAddrPort(at.String()); err == nil && a.Addr().Unmap().IsLoopback() {
		names = append(names, "localhost:"+strconv.Itoa(int(a.Port())))
	}
	return names
}

// ServeOutside answers on the listener until ctx is done, then finishes what is in flight for 5 seconds.
func ServeOutside(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      10*time.Second + startWait + 5*time.Second, // from the end of the headers on
		MaxHeaderBytes:    16 << 10,
	}
	server.SetKeepAlivesEnabled(false) // whoever keeps a connection without a word would keep others out
	return serveUntil(ctx, limit(listener, connections), server)
}

// bodyOf reads the body of a request. Where it cannot be taken it answers, and returns false.
func bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, alert.MaxBytes))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		http.Error(w, fmt.Sprintf("the body may have %d bytes", alert.MaxBytes), http.StatusRequestEntityTooLarge)
		return nil, false
	}
	if err != nil {
		http.Error(w, "the body did not come whole", http.StatusBadRequest)
		return nil, false
	}
	return body, true
}

// isJSON says whether a request says that its body is JSON.
func isJSON(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "application/json"
}

// unauthorized is one answer to all who do not prove that they may: it does not say what they lack.
func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	http.Error(w, "unauthorized", http.StatusUnauthorized)
}

// again asks the sender to come again. An Alertmanager would never come again after 429.
func again(w http.ResponseWriter, why string) {
	w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	http.Error(w, why, http.StatusServiceUnavailable)
}
