package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/address"
)

// SocketOptions are how Slack sends what people do without an address of ours: Socket Mode.
type SocketOptions struct {
	// Token is an app's, "xapp-…".
	Token string
	// URL is where the Web API is, with a slash at its end; empty is Slack's own.
	URL string
	// Silence is how long Slack may say nothing, not even that it is there, before the socket is opened anew; 0 is a minute.
	Silence time.Duration
	// Pause is how long it waits before it opens another one; it doubles to 30 seconds while none can be opened. 0 is one second.
	Pause time.Duration
	// Changed is told when the socket is open, with a nil error, and when it is not, and why.
	Changed func(open bool, err error)
}

// Socket is one connection to Slack, opened anew whenever it ends. slack-go's own is not used: it says that an envelope is
// acknowledged before that is written.
type Socket struct {
	SocketOptions
	api *Client
}

// Envelope is what Slack sends over a socket.
type Envelope struct {
	// Type is interactive or slash_commands; others mean nothing here.
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	// Reason is why Slack ends a socket.
	Reason string `json:"reason"`
}

const (
	maxFrame = 1 << 20 // bytes
	// atWork is how many envelopes are handled at a time; the next one is not acknowledged, and Slack tells the person.
	atWork      = 32
	longestWait = 30 * time.Second
	writeWithin = 3 * time.Second
)

// NewSocket returns a socket that is not open yet.
func NewSocket(o SocketOptions) *Socket {
	if o.URL == "" {
		o.URL = slack.APIURL
	}
	if o.Silence == 0 {
		o.Silence = time.Minute
	}
	if o.Pause == 0 {
		o.Pause = time.Second
	}
	return &Socket{SocketOptions: o, api: New(Options{Token: o.Token, URL: o.URL})}
}

// Run keeps a socket open until ctx is done; then it lets what it handles finish. handle is called for each envelope,
// several at once. Only once it has returned true the envelope is acknowledged, with the JSON that it returns, or none.
// What is not acknowledged Slack shows the person as a failure.
func (s *Socket) Run(ctx context.Context, handle func(context.Context, Envelope) ([]byte, bool)) {
	pause := s.Pause
	for ctx.Err() == nil {
		opened, err := s.connect(ctx, handle)
		if opened {
			pause = s.Pause
		}
		if ctx.Err() != nil {
			return
		}
		s.Changed(false, err)
		wait := pause + rand.N(pause/4+1)
		if limited, ok := errors.AsType[*activities.Error](err); ok {
			wait = max(wait, limited.RetryAfter)
		}
		if opened && err == nil { // Slack has asked for it
			wait = 0
		}
		pause = min(2*pause, longestWait)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// connect opens a socket and reads from it until it ends. The error is nil where Slack has asked for another one.
func (s *Socket) connect(ctx context.Context, handle func(context.Context, Envelope) ([]byte, bool)) (opened bool, err error) {
	var where struct{ URL string }
	if err := s.api.ask(ctx, "apps.connections.open", url.Values{}, &where); err != nil {
		return false, err
	}
	u, err := url.Parse(where.URL)
	if err != nil || u.Scheme != "wss" && (u.Scheme != "ws" || !address.Encrypted(u)) {
		return false, errors.New("apps.connections.open: the address is none that is encrypted")
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 10 * time.Second}
	conn, response, err := dialer.DialContext(ctx, where.URL, nil) //nolint:bodyclose // it is read whole already, says the library
	switch {
	case err != nil && response != nil:
		return false, fmt.Errorf("the socket is refused with %d", response.StatusCode)
	case err != nil:
		return false, fmt.Errorf("open the socket: %w", reason(err))
	}
	l := &link{conn: conn, silence: s.Silence, slots: make(chan struct{}, atWork)}
	defer l.close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()
	return l.read(ctx, handle, s.Changed)
}

// link is an open connection.
type link struct {
	conn    *websocket.Conn
	silence time.Duration
	slots   chan struct{}
	at      sync.WaitGroup
	write   sync.Mutex
}

// read reads until the connection ends.
func (l *link) read(ctx context.Context, handle func(context.Context, Envelope) ([]byte, bool), changed func(bool, error)) (opened bool, err error) {
	l.conn.SetReadLimit(maxFrame)
	heard := func() error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return l.conn.SetReadDeadline(time.Now().Add(l.silence))
	}
	l.conn.SetPingHandler(func(text string) error {
		_ = l.conn.WriteControl(websocket.PongMessage, []byte(text), time.Now().Add(writeWithin)) // reading finds out as well
		return heard()
	})
	for {
		if err := heard(); err != nil {
			return opened, err
		}
		var e Envelope
		if err := l.next(&e); err != nil {
			return opened, err
		}
		switch {
		case e.Type == "hello":
			opened = true
			changed(true, nil)
		case e.Type == "disconnect":
			return opened, nil
		case e.ID == "":
			continue
		default:
			select {
			case l.slots <- struct{}{}:
				l.at.Go(func() {
					defer func() { <-l.slots }()
					l.take(context.WithoutCancel(ctx), e, handle) // it ends by itself
				})
			default: // so much at once is no person's doing
			}
		}
	}
}

// next reads one frame. Its content is never in the error.
func (l *link) next(e *Envelope) error {
	_, text, err := l.conn.ReadMessage()
	if err != nil {
		return fmt.Errorf("the socket ended: %w", reason(err))
	}
	if json.Unmarshal(text, e) != nil {
		return errors.New("the socket brought something that is no envelope")
	}
	return nil
}

// take handles an envelope and then acknowledges it.
func (l *link) take(ctx context.Context, e Envelope, handle func(context.Context, Envelope) ([]byte, bool)) {
	body, ok := handle(ctx, e)
	if !ok {
		return
	}
	ack := struct {
		ID      string          `json:"envelope_id"`
		Payload json.RawMessage `json:"payload,omitempty"`
	}{e.ID, body}
	l.write.Lock()
	defer l.write.Unlock()
	if l.conn.SetWriteDeadline(time.Now().Add(writeWithin)) == nil {
		_ = l.conn.WriteJSON(ack) // a connection that is gone takes none, and Slack tells the person
	}
}

// close lets what is handled finish, and ends the connection.
func (l *link) close() {
	l.at.Wait()
	_ = l.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(time.Second))
	_ = l.conn.Close()
}
