package slackfake

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// What the zero Options mean.
const (
	BotToken      = "xoxb-slackfake-bot"
	AppToken      = "xapp-slackfake-app"
	SigningSecret = "slackfake-signing-secret"
)

// Options are what a workspace is like. The zero value is usable.
type Options struct {
	// Workspace is who and what there is; without a team it is Demo.
	Workspace Workspace
	// BotToken, AppToken and SigningSecret are what the app was given; empty are the constants of those names.
	BotToken, AppToken, SigningSecret string
	// Scopes are what the bot's token may do; nil is all that is asked for.
	Scopes []string
	// RequestURL is where presses and forms are sent, CommandURL where slash commands are: "http://127.0.0.1:8081/slack".
	// Empty is Socket Mode.
	RequestURL, CommandURL string
	// HonoursClientMsgID says that a second message with the same id is not posted. Whether Slack does that is not known.
	HonoursClientMsgID bool
	// Seed is that of the faults that are drawn.
	Seed uint64
	// PingEvery is how often sockets are pinged; 0 is 5 seconds.
	PingEvery time.Duration
	// Now is the clock; nil is this machine's.
	Now func() time.Time
}

// Server is a workspace. It is an http.Handler: the Web API is below /api/, the page at /.
type Server struct {
	options Options
	routes  *http.ServeMux
	closed  chan struct{}

	mu       sync.Mutex
	messages []*Message // in the order of their TS
	lastTS   int64      // microseconds since 1970
	views    map[string]*View
	triggers map[string]*trigger
	number   int // of the last id that was made up
	calls    []*Call
	busy     int // requests at work
	faults   []*drawn
	random   *rand.Rand
	notes    map[string]string // what each user was told last, for the page
	socket   SocketState
	tickets  map[string]bool
	sockets  map[*socket]bool
	acks     map[string]chan []byte
	server   *http.Server
}

// New returns a workspace that listens nowhere yet.
func New(o Options) *Server {
	if o.Workspace.TeamID == "" {
		o.Workspace = Demo()
	}
	for value, otherwise := range map[*string]string{&o.BotToken: BotToken, &o.AppToken: AppToken, &o.SigningSecret: SigningSecret} {
		if *value == "" {
			*value = otherwise
		}
	}
	if o.Scopes == nil {
		o.Scopes = strings.Fields("chat:write channels:history groups:history channels:read groups:read usergroups:read commands")
	}
	if o.PingEvery == 0 {
		o.PingEvery = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		options: o, routes: http.NewServeMux(), closed: make(chan struct{}), random: rand.New(rand.NewPCG(o.Seed, 1)),
		views: map[string]*View{}, triggers: map[string]*trigger{}, notes: map[string]string{},
		tickets: map[string]bool{}, sockets: map[*socket]bool{}, acks: map[string]chan []byte{},
	}
	s.routes.HandleFunc("/api/{method}", s.serveAPI)
	s.routes.HandleFunc("GET /link", s.serveSocket)
	s.servePage()
	return s
}

// ServeHTTP answers. Requests that name it by anything but loopback are refused: a page of somebody else's must not
// reach it by a name of its own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !loopback(r.Host) {
		http.Error(w, "only loopback", http.StatusForbidden)
		return
	}
	s.routes.ServeHTTP(w, r)
}

// Start listens at address, "127.0.0.1:0", until Close, and returns "http://127.0.0.1:PORT". It listens at loopback only.
func (s *Server) Start(address string) (string, error) {
	if !loopback(address) {
		return "", fmt.Errorf("listen at %s: only loopback", address)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	go server.Serve(listener) //nolint:errcheck // it ends with Close, and says only that
	return "http://" + listener.Addr().String(), nil
}

// Close ends sockets, requests that are held up, and what Start began.
func (s *Server) Close() {
	s.mu.Lock()
	server := s.server
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	s.ResetSockets()
	if server != nil {
		server.Close() //nolint:errcheck // nothing is lost with it
	}
}

// loopback says whether an address or a Host header names this machine only by itself.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Call is a call of the Web API.
type Call struct {
	Method string
	// At is when it came, by this machine's clock.
	At time.Time
	// Form is what it said, without the token.
	Form url.Values
	// Fault is what was done to it.
	Fault FaultKind
	// Answer is "ok" or the error; empty is none, or not yet.
	Answer string
}

// Calls returns the calls so far, in the order in which they came. Without names it is all, else those of these methods.
func (s *Server) Calls(methods ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []Call
	for _, c := range s.calls {
		if len(methods) == 0 || contains(methods, c.Method) {
			calls = append(calls, *c)
		}
	}
	return calls
}

// Idle waits until no call is at work, those included whose caller has given up.
func (s *Server) Idle(ctx context.Context) error {
	for {
		s.mu.Lock()
		busy := s.busy
		s.mu.Unlock()
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("%d calls are still at work", busy), ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// id makes up an id that no other one equals. The mutex is held.
func (s *Server) id(prefix string) string {
	s.number++
	return fmt.Sprintf("%s%06d", prefix, s.number)
}
