package slackfake

import (
	"encoding/json"
	"time"
)

// triggerLife is how long a trigger can be used, once.
const triggerLife = 3 * time.Second

// trigger is what allows one form to be opened.
type trigger struct {
	user string
	at   time.Time
	used bool
}

// View is a form that a user has open.
type View struct {
	ID, User   string
	CallbackID string
	Title      string
	Submit     string
	// State is the private_metadata.
	State  string
	Blocks json.RawMessage
	// Errors are what was said against what was filled in, by block.
	Errors map[string]string
}

// Views returns the forms that a user has open.
func (s *Server) Views(user string) []View {
	s.mu.Lock()
	defer s.mu.Unlock()
	var views []View
	for _, v := range s.views {
		if v.User == user {
			views = append(views, *v)
		}
	}
	return views
}

// openView shows a form to who made the press.
func (s *Server) openView(r request) (object, *refused) {
	t := s.triggers[r.Get("trigger_id")]
	switch {
	case t == nil:
		return nil, no("invalid_trigger_id")
	case t.used:
		return nil, no("exchanged_trigger_id")
	case s.options.Now().Sub(t.at) > triggerLife:
		return nil, no("expired_trigger_id")
	}
	v, faults := s.view([]byte(r.Get("view")))
	if len(faults) > 0 {
		return nil, no("invalid_arguments", faults...)
	}
	t.used = true
	v.User = t.user
	v.ID = s.id("V")
	s.views[v.ID] = v
	return object{"view": s.shownView(v, nil)}, nil
}

// view reads a form, or says what Slack has against it. The mutex is held.
func (s *Server) view(text []byte) (*View, []string) {
	var m struct {
		Type       string          `json:"type"`
		Title      any             `json:"title"`
		Submit     any             `json:"submit"`
		Close      any             `json:"close"`
		CallbackID string          `json:"callback_id"`
		State      string          `json:"private_metadata"`
		Blocks     json.RawMessage `json:"blocks"`
	}
	if json.Unmarshal(text, &m) != nil || m.Type != "modal" {
		return nil, []string{"[ERROR] must be a modal [json-pointer:/view]"}
	}
	blocks, faults := checked(m.Blocks, maxViewBlocks, s.id)
	c := &checker{faults: faults}
	c.text("/view/title", m.Title, maxTitle, true)
	for name, label := range map[string]any{"submit": m.Submit, "close": m.Close} {
		if label != nil {
			c.text("/view/"+name, label, maxTitle, true)
		}
	}
	c.short("/view/private_metadata", m.State, maxState)
	c.short("/view/callback_id", m.CallbackID, maxID)
	if blocks == nil {
		c.add("/view/blocks", "no fewer than 1 item allowed")
	}
	for _, b := range parsed(blocks) {
		if b.Type == "input" && m.Submit == nil {
			c.add("/view/submit", "a modal with inputs needs one")
		}
	}
	return &View{CallbackID: m.CallbackID, Title: plain(m.Title), Submit: plain(m.Submit), State: m.State, Blocks: blocks}, c.faults
}

// shownView is a form as Slack sends it, with what was filled in. The mutex is held.
func (s *Server) shownView(v *View, values object) object {
	shown := object{
		"id": v.ID, "team_id": s.options.Workspace.TeamID, "type": "modal", "callback_id": v.CallbackID, "private_metadata": v.State,
		"blocks": v.Blocks, "hash": s.timestamp(), "app_id": s.options.Workspace.AppID, "bot_id": s.options.Workspace.BotID, "root_view_id": v.ID,
		"title": object{"type": "plain_text", "text": v.Title},
	}
	if values != nil {
		shown["state"] = object{"values": values}
	}
	return shown
}

func plain(text any) string {
	m, _ := text.(object)
	said, _ := m["text"].(string)
	return said
}
