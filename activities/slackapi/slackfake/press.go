package slackfake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Press is what a user does to an element of a message.
type Press struct {
	User        string
	Channel, TS string
	// Block and Action are the element's ids. Without a block it is the first element with that action.
	Block, Action string
	// Selected are the values of the options that are selected then; a button has none.
	Selected []string
}

// Press sends a press to the app and waits until it is acknowledged: for at most 3 seconds, after which the user sees a
// warning and the press is lost.
func (s *Server) Press(ctx context.Context, p Press) (Answer, error) {
	payload, err := s.pressed(p)
	if err != nil {
		return Answer{}, err
	}
	return s.interact(ctx, p.User, payload)
}

func (s *Server) pressed(p Press) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.message(p.Channel, p.TS)
	if m == nil || m.For != "" && m.For != p.User {
		return nil, fmt.Errorf("user %s sees no message %s in %s", p.User, p.TS, p.Channel)
	}
	user, err := s.whoever(p.User)
	if err != nil {
		return nil, err
	}
	var done object
	values := object{}
	for _, b := range parsed(m.Blocks) {
		for _, e := range b.acting() {
			selected := e.initial()
			if done == nil && e.ID == p.Action && (p.Block == "" || p.Block == b.ID) {
				if selected, err = e.chosen(p.Selected); err != nil {
					return nil, err
				}
				done = object{"action_id": e.ID, "block_id": b.ID, "action_ts": s.timestamp()}
				e.says(done, selected)
			}
			if e.Type != "button" {
				state, _ := values[b.ID].(object)
				if state == nil {
					state = object{}
					values[b.ID] = state
				}
				said := object{}
				e.says(said, selected)
				state[e.ID] = said
			}
		}
	}
	if done == nil {
		return nil, fmt.Errorf("message %s has no element %s", p.TS, p.Action)
	}
	channel, _ := s.channel(p.Channel)
	payload := s.interaction("block_actions", user)
	payload["trigger_id"] = s.trigger(p.User)
	payload["channel"] = object{"id": channel.ID, "name": channel.Name}
	payload["container"] = object{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.For != ""}
	payload["message"] = s.shown(m, true)
	payload["state"] = object{"values": values}
	payload["actions"] = []object{done}
	payload["response_url"] = "https://hooks.slack.com/actions/" + s.options.Workspace.TeamID + "/" + s.id("")
	return payload, nil
}

// interaction is what all that a user does has in common.
func (s *Server) interaction(kind string, user User) object {
	team := user.TeamID
	if team == "" {
		team = s.options.Workspace.TeamID
	}
	return object{
		"type": kind, "api_app_id": s.options.Workspace.AppID,
		"user": object{"id": user.ID, "username": user.Name, "name": user.Name, "team_id": team},
		"team": object{"id": s.options.Workspace.TeamID, "domain": s.options.Workspace.Name},
	}
}

// trigger makes a trigger. The mutex is held.
func (s *Server) trigger(user string) string {
	id := s.id("trigger.")
	s.triggers[id] = &trigger{user: user, at: s.options.Now()}
	return id
}

func (s *Server) whoever(id string) (User, error) {
	user, ok := s.user(id)
	if !ok {
		return User{}, fmt.Errorf("no user %q", id)
	}
	return user, nil
}

// Submission is a form that a user sends.
type Submission struct {
	User, View string
	// Values are what is filled in, by block: one text, or the values of what is selected.
	Values map[string][]string
}

// Submit sends a form to the app. Accepted it is closed; else it stays open with what was said against it.
func (s *Server) Submit(ctx context.Context, f Submission) (Answer, error) {
	payload, err := s.submitted(f)
	if err != nil {
		return Answer{}, err
	}
	answer, err := s.interact(ctx, f.User, payload)
	if err != nil {
		return answer, err
	}
	return answer, s.taken(f.View, answer.Body)
}

func (s *Server) submitted(f Submission) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.views[f.View]
	if v == nil || v.User != f.User {
		return nil, fmt.Errorf("user %s has no form %s open", f.User, f.View)
	}
	user, err := s.whoever(f.User)
	if err != nil {
		return nil, err
	}
	values := object{}
	for _, b := range parsed(v.Blocks) {
		if b.Type != "input" || b.Element == nil {
			continue
		}
		filled := f.Values[b.ID]
		if !b.Optional && (len(filled) == 0 || filled[0] == "") {
			return nil, fmt.Errorf("the form is not sent: %s is not filled in", b.ID) // Slack's own client sees to that
		}
		said := object{"type": b.Element.Type}
		if len(b.Element.Options) > 0 {
			chosen, err := b.Element.chosen(filled)
			if err != nil {
				return nil, err
			}
			b.Element.says(said, chosen)
		} else if len(filled) > 0 {
			said["value"] = filled[0]
		}
		values[b.ID] = object{b.Element.ID: said}
	}
	payload := s.interaction("view_submission", user)
	payload["view"] = s.shownView(v, values)
	payload["trigger_id"] = s.trigger(f.User)
	return payload, nil
}

// taken does with a form what the app answered.
func (s *Server) taken(id string, body []byte) error {
	var said struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
		View   json.RawMessage   `json:"view"`
	}
	if len(body) > 0 && json.Unmarshal(body, &said) != nil {
		return errors.New("the answer to a form is no JSON")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.views[id]
	if old == nil {
		return nil // closed meanwhile
	}
	switch said.Action {
	case "", "clear":
		delete(s.views, id)
	case "errors":
		old.Errors = said.Errors
	case "update", "push":
		v, faults := s.view(said.View)
		if len(faults) > 0 {
			return errors.Join(errors.New("the form in the answer is not right"), errors.New(faults[0]))
		}
		v.ID, v.User = id, old.User
		if said.Action == "push" {
			v.ID = s.id("V")
		}
		s.views[v.ID] = v
	default:
		return fmt.Errorf("no response_action %q", said.Action)
	}
	return nil
}

// Dismiss closes a form.
func (s *Server) Dismiss(user, view string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.views[view]; v != nil && v.User == user {
		delete(s.views, view)
	}
}

// initial are the options that are selected as long as nobody has changed it.
func (e element) initial() []option {
	if e.First != nil {
		return []option{*e.First}
	}
	return e.Initial
}

// chosen are the options with these values.
func (e element) chosen(values []string) ([]option, error) {
	chosen := []option{}
	for _, o := range e.Options {
		if slices.Contains(values, o.Value) {
			chosen = append(chosen, o)
		}
	}
	if len(chosen) != len(values) {
		return nil, fmt.Errorf("element %s has not all of the options %q", e.ID, values)
	}
	return chosen, nil
}

// says puts into an action what the element says.
func (e element) says(action object, selected []option) {
	action["type"] = e.Type
	switch e.Type {
	case "button":
		action["text"], action["value"] = e.Text, e.Value
		if e.Style != "" {
			action["style"] = e.Style
		}
	case "checkboxes", "multi_static_select":
		action["selected_options"] = selected
	case "radio_buttons", "static_select":
		action["selected_option"] = nil
		if len(selected) > 0 {
			action["selected_option"] = selected[0]
		}
	}
}
