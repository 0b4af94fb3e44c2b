package slackfake

import (
	"encoding/base64"
	"slices"
	"strconv"
)

// Bounds of a page.
const (
	pageOf  = 100
	maxPage = 999
)

// history returns the messages of a channel, the latest first, without answers in threads.
func (s *Server) history(r request) (object, *refused) {
	if _, why := s.member(r.Get("channel")); why != nil {
		return nil, why
	}
	var messages []*Message
	for _, m := range slices.Backward(s.messages) {
		if m.Channel == r.Get("channel") && m.For == "" && m.Thread == "" && within(r, m.TS) {
			messages = append(messages, m)
		}
	}
	return s.page(r, messages)
}

// replies returns a message and its answers, in the order in which they came.
func (s *Server) replies(r request) (object, *refused) {
	if _, why := s.member(r.Get("channel")); why != nil {
		return nil, why
	}
	parent := s.message(r.Get("channel"), r.Get("ts"))
	if parent == nil {
		return nil, no("thread_not_found")
	}
	messages := []*Message{parent}
	for _, m := range s.messages {
		if m.Channel == parent.Channel && m.For == "" && m.Thread == parent.TS && within(r, m.TS) {
			messages = append(messages, m)
		}
	}
	return s.page(r, messages)
}

// within says whether a message is of the time that is asked for.
func within(r request, ts string) bool {
	oldest, latest, inclusive := r.Get("oldest"), r.Get("latest"), flag(r.Get("inclusive"))
	return (oldest == "" || ts > oldest || inclusive && ts == oldest) && (latest == "" || ts < latest || inclusive && ts == latest)
}

// page cuts out the page that is asked for.
func (s *Server) page(r request, messages []*Message) (object, *refused) {
	if cursor := r.Get("cursor"); cursor != "" {
		next, err := base64.StdEncoding.DecodeString(cursor)
		start := slices.IndexFunc(messages, func(m *Message) bool { return "next_ts:"+m.TS == string(next) })
		if err != nil || start < 0 {
			return nil, no("invalid_cursor")
		}
		messages = messages[start:]
	}
	limit := pageOf
	if value := r.Get("limit"); value != "" {
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxPage {
			return nil, no("invalid_limit")
		}
		limit = n
	}
	answer := object{"has_more": len(messages) > limit}
	if len(messages) > limit {
		answer["response_metadata"] = object{"next_cursor": base64.StdEncoding.EncodeToString([]byte("next_ts:" + messages[limit].TS))}
		messages = messages[:limit]
	}
	shown := []object{}
	for _, m := range messages {
		shown = append(shown, s.shown(m, flag(r.Get("include_all_metadata"))))
	}
	answer["messages"] = shown
	return answer, nil
}

// conversations lists the channels that we may see, all on one page.
func (s *Server) conversations(request) (object, *refused) {
	channels := []object{}
	for _, c := range s.options.Workspace.Channels {
		if !c.Private || !c.Absent && contains(s.options.Scopes, "groups:read") {
			channels = append(channels, described(c))
		}
	}
	return object{"channels": channels, "response_metadata": object{"next_cursor": ""}}, nil
}

// conversation describes one channel.
func (s *Server) conversation(r request) (object, *refused) {
	c, ok := s.channel(r.Get("channel"))
	if !ok || c.Private && c.Absent {
		return nil, no("channel_not_found")
	}
	return object{"channel": described(c)}, nil
}

func described(c Channel) object {
	return object{
		"id": c.ID, "name": c.Name, "is_channel": !c.Private, "is_group": c.Private, "is_private": c.Private,
		"is_member": !c.Absent, "is_archived": c.Archived,
	}
}

// authTest says who the token makes its holder.
func (s *Server) authTest(request) (object, *refused) {
	w := s.options.Workspace
	return object{"url": "https://" + w.Name + ".slack.com/", "team": w.Name, "user": "evenkeel", "team_id": w.TeamID, "user_id": w.BotUser, "bot_id": w.BotID}, nil
}

// groups lists the user groups; disabled ones only when asked for.
func (s *Server) groups(r request) (object, *refused) {
	groups := []object{}
	for _, g := range s.options.Workspace.Groups {
		if g.Disabled && !flag(r.Get("include_disabled")) {
			continue
		}
		deleted := 0
		if g.Disabled {
			deleted = 1
		}
		groups = append(groups, object{"id": g.ID, "team_id": s.options.Workspace.TeamID, "is_usergroup": true, "handle": g.Handle, "name": g.Handle, "date_delete": deleted})
	}
	return object{"usergroups": groups}, nil
}

// groupUsers lists the users of a group.
func (s *Server) groupUsers(r request) (object, *refused) {
	for _, g := range s.options.Workspace.Groups {
		if g.ID == r.Get("usergroup") {
			return object{"users": append([]string{}, g.Users...)}, nil
		}
	}
	return nil, no("no_such_subteam")
}
