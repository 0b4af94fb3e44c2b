package pagerfake

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"unicode/utf16"
)

var actions = []string{"trigger", "acknowledge", "resolve"}

// enqueue is PagerDuty's call. What it refuses it repeats, as PagerDuty may.
func (s *Server) enqueue(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 512_001))
	var e struct {
		RoutingKey  string `json:"routing_key"`
		EventAction string `json:"event_action"`
		DedupKey    string `json:"dedup_key"`
		Payload     *struct {
			Summary, Source, Severity string
			CustomDetails             map[string]string `json:"custom_details"`
		}
		Links []struct{ Href, Text string }
	}
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	p := e.Payload
	var faults []string
	refuse := func(refused bool, why string) {
		if refused {
			faults = append(faults, why)
		}
	}
	refuse(err != nil || len(text) > 512_000, "the event is no JSON object of at most 512 KB")
	refuse(e.RoutingKey != s.options.RoutingKey, "'routing_key' "+e.RoutingKey+" is not known")
	refuse(!slices.Contains(actions, e.EventAction), "'event_action' is invalid")
	refuse(length(e.DedupKey) > 255, "'dedup_key' is too long")
	refuse(e.EventAction != "trigger" && e.DedupKey == "", "'dedup_key' is missing")
	refuse(e.EventAction == "trigger" && p == nil, "'payload' is missing")
	if p != nil {
		refuse(p.Summary == "" || length(p.Summary) > 1024, "'payload.summary' is missing or too long")
		refuse(p.Source == "", "'payload.source' is missing")
		refuse(!slices.Contains([]string{"critical", "error", "warning", "info"}, p.Severity), "'payload.severity' is invalid")
	}
	if len(faults) > 0 {
		say(w, http.StatusBadRequest, map[string]any{"status": "invalid event", "message": "Event object is invalid", "errors": faults})
		return
	}
	event := Event{Action: e.EventAction}
	if p != nil {
		event.Summary, event.Source, event.Severity, event.Details = p.Summary, p.Source, p.Severity, p.CustomDetails
	}
	if len(e.Links) > 0 {
		event.Link = e.Links[0].Href
	}
	s.take(e.DedupKey, event)
	say(w, http.StatusAccepted, map[string]any{"status": "success", "message": "Event processed", "dedup_key": e.DedupKey})
}

// hook is the webhook of paging.
func (s *Server) hook(w http.ResponseWriter, r *http.Request) {
	var e struct {
		Event    string `json:"event"`
		DedupKey string `json:"dedup_key"`
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Source   string `json:"source"`
		Link     string `json:"link"`
		Details  map[string]string
	}
	switch err := json.NewDecoder(r.Body).Decode(&e); {
	case s.options.Token != "" && r.Header.Get("Authorization") != "Bearer "+s.options.Token:
		say(w, http.StatusUnauthorized, map[string]any{"error": "who is " + r.Header.Get("Authorization") + "?"})
	case err != nil || e.DedupKey == "" || !slices.Contains(actions, e.Event) || r.Header.Get("Content-Type") != "application/json":
		say(w, http.StatusBadRequest, map[string]any{"error": "no event"})
	default:
		s.take(e.DedupKey, Event{Action: e.Event, Severity: e.Severity, Summary: e.Summary, Source: e.Source, Link: e.Link, Details: e.Details})
		w.WriteHeader(http.StatusNoContent)
	}
}

func say(w http.ResponseWriter, status int, answer any) {
	data, _ := json.Marshal(answer) // maps of texts always can be
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(data)
}

func length(text string) int { return len(utf16.Encode([]rune(text))) }
