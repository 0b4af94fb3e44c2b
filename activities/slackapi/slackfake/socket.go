package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxSockets is how many connections an app may have.
const maxSockets = 10

// SocketState is how Socket Mode does.
type SocketState int

// What Socket Mode can be like. A silent socket is open, and nothing comes or is read; refused ones cannot be opened.
const (
	SocketWell SocketState = iota
	SocketSilent
	SocketRefused
)

// socket is one connection. Frames are written under its mutex.
type socket struct {
	mu      sync.Mutex
	conn    *websocket.Conn
	leaving bool // it was told to disconnect, and gets nothing any more
}

// SetSockets says how Socket Mode does from now on, for connections that are open, too.
func (s *Server) SetSockets(state SocketState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.socket = state
}

// Sockets says how many connections are open and not told to disconnect.
func (s *Server) Sockets() int {
	return len(s.open())
}

// open returns the sockets that take something.
func (s *Server) open() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	var open []*socket
	for c := range s.sockets {
		if !c.leaving {
			open = append(open, c)
		}
	}
	return open
}

// Disconnect asks every connection to be opened anew, as Slack does every few hours.
func (s *Server) Disconnect() {
	for _, c := range s.open() {
		s.mu.Lock()
		c.leaving = true
		s.mu.Unlock()
		c.write(object{"type": "disconnect", "reason": "refresh_requested"}) //nolint:errcheck // a connection that is gone needs no word
	}
}

// ResetSockets ends every connection without a word.
func (s *Server) ResetSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sockets {
		abort(c.conn.NetConn())
		delete(s.sockets, c)
	}
}

// openConnection says where a connection is to be opened, once.
func (s *Server) openConnection(r request) (object, *refused) {
	if s.socket == SocketRefused {
		return nil, no("service_unavailable")
	}
	ticket := s.id("ticket")
	s.tickets[ticket] = true
	return object{"url": "ws://" + r.host + "/link?ticket=" + ticket}, nil
}

var upgrader = websocket.Upgrader{
	HandshakeTimeout: 10 * time.Second,
	CheckOrigin:      func(*http.Request) bool { return true }, // the ticket says who it is
}

// serveSocket is a connection from its begin to its end.
func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	ticket := r.URL.Query().Get("ticket")
	known := s.tickets[ticket]
	delete(s.tickets, ticket)
	refuse := s.socket == SocketRefused || len(s.sockets) >= maxSockets
	s.mu.Unlock()
	switch {
	case !known:
		http.Error(w, "the address was used before, or never given out", http.StatusForbidden)
		return
	case refuse:
		http.Error(w, "no connection", http.StatusServiceUnavailable)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer conn.NetConn().Close()
	c := &socket{conn: conn}
	s.mu.Lock()
	s.sockets[c] = true
	count, silent := len(s.sockets), s.socket == SocketSilent
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sockets, c)
		s.mu.Unlock()
	}()
	if !silent {
		hello := object{"type": "hello", "num_connections": count, "connection_info": object{"app_id": s.options.Workspace.AppID}, "debug_info": object{"host": "slackfake"}}
		if c.write(hello) != nil {
			return
		}
	}
	done := make(chan struct{})
	defer close(done)
	go s.ping(c, done)
	conn.SetReadLimit(maxRequest)
	for {
		var ack struct {
			Envelope string          `json:"envelope_id"`
			Payload  json.RawMessage `json:"payload"`
		}
		if conn.ReadJSON(&ack) != nil {
			return
		}
		s.mu.Lock()
		if waiting := s.acks[ack.Envelope]; waiting != nil && s.socket != SocketSilent {
			waiting <- ack.Payload
			delete(s.acks, ack.Envelope)
		}
		s.mu.Unlock()
	}
}

// ping pings a connection until it is done.
func (s *Server) ping(c *socket, done chan struct{}) {
	for {
		s.mu.Lock()
		silent := s.socket == SocketSilent
		s.mu.Unlock()
		if !silent {
			c.conn.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(time.Second)) //nolint:errcheck // reading finds out as well
		}
		select {
		case <-time.After(s.options.PingEvery):
		case <-done:
			return
		}
	}
}

// overSocket sends an envelope to one of the connections, whichever, and waits until it is acknowledged.
func (s *Server) overSocket(ctx context.Context, kind string, payload []byte) ([]byte, error) {
	open := s.open()
	if len(open) == 0 {
		return nil, errors.New("the app has no connection open")
	}
	ack := make(chan []byte, 1)
	s.mu.Lock()
	id := s.id("envelope")
	s.acks[id] = ack
	c := open[s.random.IntN(len(open))]
	silent := s.socket == SocketSilent
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.acks, id)
		s.mu.Unlock()
	}()
	if !silent {
		envelope := object{"envelope_id": id, "type": kind, "accepts_response_payload": true, "payload": json.RawMessage(payload)}
		if err := c.write(envelope); err != nil {
			return nil, err
		}
	}
	select {
	case body := <-ack:
		return body, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *socket) write(frame object) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(ackWithin)); err != nil {
		return err
	}
	return c.conn.WriteJSON(frame)
}
