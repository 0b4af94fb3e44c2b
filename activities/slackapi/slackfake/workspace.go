package slackfake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Workspace is who and what there is.
type Workspace struct {
	TeamID, Name string
	AppID        string
	// BotID and BotUser are who our app is in the workspace.
	BotID, BotUser string
	Users          []User
	Channels       []Channel
	Groups         []Group
}

// User is a person.
type User struct {
	ID, Name string
	// TeamID is that of another workspace, which shares a channel; empty is ours.
	TeamID string
}

// Channel is where messages are.
type Channel struct {
	ID, Name string
	Private  bool
	Archived bool
	// Absent is a channel of which our app is no member.
	Absent bool
}

// Group is a user group.
type Group struct {
	ID, Handle string
	Users      []string
	Disabled   bool
}

// Message is a message. TS is unique in the workspace and grows.
type Message struct {
	Channel, TS string
	// Thread is the TS of the message that this one answers.
	Thread string
	// User is who wrote it. BotID is the app that did.
	User, BotID string
	Text        string
	// Blocks is a JSON array, in which every block and every element has its id.
	Blocks   json.RawMessage
	Metadata json.RawMessage
	// Parse is what the sender asked for: with none, no name in the text is a mention.
	Parse string
	// ClientMsgID is what the sender called it.
	ClientMsgID string
	// For is the only user who sees it; empty is everybody.
	For    string
	Edited bool
}

// Demo is a workspace with three people, of whom two are on call, and two channels.
func Demo() Workspace {
	return Workspace{
		TeamID: "T0EVENKEEL", Name: "evenkeel", AppID: "A0EVENKEEL", BotID: "B0EVENKEEL", BotUser: "U0EVENKEEL",
		Users:    []User{{ID: "U0ALICE", Name: "alice"}, {ID: "U0BOB", Name: "bob"}, {ID: "U0CAROL", Name: "carol"}},
		Channels: []Channel{{ID: "C0OPS", Name: "ops"}, {ID: "C0APPROVALS", Name: "approvals"}},
		Groups:   []Group{{ID: "S0ONCALL", Handle: "oncall", Users: []string{"U0ALICE", "U0BOB"}}},
	}
}

// Messages returns the messages of a channel that everybody sees, in the order of their TS.
func (s *Server) Messages(channel string) []Message {
	return s.list(func(m *Message) bool { return m.Channel == channel && m.For == "" })
}

// Ephemeral returns the messages that only that user sees.
func (s *Server) Ephemeral(user string) []Message {
	return s.list(func(m *Message) bool { return m.For == user && user != "" })
}

func (s *Server) list(want func(*Message) bool) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var messages []Message
	for _, m := range s.messages {
		if want(m) {
			messages = append(messages, *m)
		}
	}
	return messages
}

// Say puts a message of somebody else into a channel, as it is, and returns its TS.
func (s *Server) Say(m Message) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(&m)
}

// add gives m its TS and keeps it. The mutex is held.
func (s *Server) add(m *Message) string {
	m.TS = s.timestamp()
	s.messages = append(s.messages, m)
	return m.TS
}

// timestamp is the present time as Slack writes it, or a little more, so that none comes twice. The mutex is held.
func (s *Server) timestamp() string {
	s.lastTS = max(s.options.Now().UnixMicro(), s.lastTS+1)
	at := time.UnixMicro(s.lastTS)
	return fmt.Sprintf("%d.%06d", at.Unix(), at.Nanosecond()/1000)
}

// message finds a message. The mutex is held.
func (s *Server) message(channel, ts string) *Message {
	i, found := slices.BinarySearchFunc(s.messages, ts, func(m *Message, ts string) int { return cmp.Compare(m.TS, ts) })
	if !found || s.messages[i].Channel != channel {
		return nil
	}
	return s.messages[i]
}

// remove deletes a message. The mutex is held.
func (s *Server) remove(m *Message) {
	s.messages = slices.DeleteFunc(s.messages, func(other *Message) bool { return other == m })
}

func (s *Server) channel(id string) (Channel, bool) {
	i := slices.IndexFunc(s.options.Workspace.Channels, func(c Channel) bool { return c.ID == id })
	if i < 0 {
		return Channel{}, false
	}
	return s.options.Workspace.Channels[i], true
}

func (s *Server) user(id string) (User, bool) {
	i := slices.IndexFunc(s.options.Workspace.Users, func(u User) bool { return u.ID == id })
	if i < 0 {
		return User{}, false
	}
	return s.options.Workspace.Users[i], true
}
