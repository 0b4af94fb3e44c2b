package slackfake

import (
	"encoding/json"
	"unicode/utf8"
)

// Bounds of a message.
const (
	maxText     = 40_000 // characters
	maxMetadata = 8_000  // bytes; what Slack takes is not documented
)

// postMessage posts a message.
func (s *Server) postMessage(r request) (object, *refused) {
	m := &Message{User: s.options.Workspace.BotUser, BotID: s.options.Workspace.BotID, ClientMsgID: r.Get("client_msg_id")}
	if why := s.write(m, r); why != nil {
		return nil, why
	}
	if s.options.HonoursClientMsgID && m.ClientMsgID != "" {
		for _, other := range s.messages {
			if other.ClientMsgID == m.ClientMsgID && other.Channel == m.Channel {
				return object{"channel": other.Channel, "ts": other.TS, "message": s.shown(other, false)}, nil
			}
		}
	}
	s.add(m)
	return object{"channel": m.Channel, "ts": m.TS, "message": s.shown(m, false)}, nil
}

// postEphemeral shows a message to one user.
func (s *Server) postEphemeral(r request) (object, *refused) {
	if _, ok := s.user(r.Get("user")); !ok {
		return nil, no("user_not_in_channel")
	}
	m := &Message{User: s.options.Workspace.BotUser, BotID: s.options.Workspace.BotID, For: r.Get("user")}
	if why := s.write(m, r); why != nil {
		return nil, why
	}
	return object{"message_ts": s.add(m)}, nil
}

// update changes a message. What the call leaves out stays as it is.
func (s *Server) update(r request) (object, *refused) {
	if _, why := s.member(r.Get("channel")); why != nil {
		return nil, why
	}
	m := s.message(r.Get("channel"), r.Get("ts"))
	switch {
	case m == nil || m.For != "":
		return nil, no("message_not_found")
	case m.BotID != s.options.Workspace.BotID:
		return nil, no("cant_update_message")
	}
	changed := *m
	if why := s.write(&changed, r); why != nil {
		return nil, why
	}
	changed.Edited = true
	*m = changed
	return object{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.shown(m, false)}, nil
}

// deleteMessage deletes a message.
func (s *Server) deleteMessage(r request) (object, *refused) {
	if _, why := s.member(r.Get("channel")); why != nil {
		return nil, why
	}
	m := s.message(r.Get("channel"), r.Get("ts"))
	switch {
	case m == nil || m.For != "":
		return nil, no("message_not_found")
	case m.BotID != s.options.Workspace.BotID:
		return nil, no("cant_delete_message")
	}
	s.remove(m)
	return object{"channel": m.Channel, "ts": m.TS}, nil
}

// write puts what a call says into m, or says what Slack has against it.
func (s *Server) write(m *Message, r request) *refused {
	m.Parse = r.Get("parse")
	channel, why := s.member(r.Get("channel"))
	if why != nil {
		return why
	}
	if channel.Archived {
		return no("is_archived")
	}
	m.Channel = channel.ID
	// A thread whose first message is gone is none.
	if parent := s.message(channel.ID, r.Get("thread_ts")); parent != nil {
		m.Thread = parent.TS
		if parent.Thread != "" {
			m.Thread = parent.Thread
		}
	}
	if r.Has("text") {
		m.Text = r.Get("text")
	}
	if r.Has("blocks") {
		var faults []string
		if m.Blocks, faults = checked([]byte(r.Get("blocks")), maxMessageBlocks, s.id); len(faults) > 0 {
			return no("invalid_blocks", faults...)
		}
	}
	if r.Has("metadata") {
		var metadata struct {
			Type    string         `json:"event_type"`
			Payload map[string]any `json:"event_payload"`
		}
		m.Metadata = json.RawMessage(r.Get("metadata"))
		switch {
		case json.Unmarshal(m.Metadata, &metadata) != nil || metadata.Type == "" || metadata.Payload == nil:
			return no("invalid_metadata_format")
		case len(m.Metadata) > maxMetadata:
			return no("metadata_too_large")
		}
	}
	switch {
	case m.Text == "" && len(m.Blocks) == 0:
		return no("no_text")
	case utf8.RuneCountInString(m.Text) > maxText:
		return no("msg_too_long")
	}
	return nil
}

// member returns a channel of which we are a member. A private one of which we are not is not known to exist.
func (s *Server) member(id string) (Channel, *refused) {
	channel, ok := s.channel(id)
	switch {
	case !ok, channel.Private && channel.Absent:
		return Channel{}, no("channel_not_found")
	case channel.Absent:
		return Channel{}, no("not_in_channel")
	}
	return channel, nil
}

// shown is a message as Slack returns it.
func (s *Server) shown(m *Message, metadata bool) object {
	shown := object{"type": "message", "user": m.User, "ts": m.TS, "text": m.Text, "team": s.options.Workspace.TeamID}
	if m.BotID != "" {
		shown["bot_id"] = m.BotID
	}
	if m.Thread != "" {
		shown["thread_ts"] = m.Thread
	}
	if m.ClientMsgID != "" {
		shown["client_msg_id"] = m.ClientMsgID
	}
	if len(m.Blocks) > 0 {
		shown["blocks"] = m.Blocks
	}
	if metadata && len(m.Metadata) > 0 {
		shown["metadata"] = m.Metadata
	}
	if m.Edited {
		shown["edited"] = object{"user": m.User, "ts": m.TS}
	}
	return shown
}
