package compose

import (
	"encoding/json"
	"slices"
	"strings"
)

// event is one line of what Compose writes with `--progress json`.
type event struct {
	ID       string `json:"id"`
	ParentID string `json:"parent_id"`
	Status   string `json:"status"`
	Text     string `json:"text"`
	Details  string `json:"details"`
	Error    bool   `json:"error"`
	Message  string `json:"message"`
}

func (e event) String() string { return strings.TrimSpace(e.ID + " " + e.Text) }

// parseEvents returns the lines that are events; a plugin's or a logger's own words are none.
func parseEvents(output string) []event {
	var out []event
	for line := range strings.Lines(output) {
		var e event
		if json.Unmarshal([]byte(line), &e) == nil && (e.ID != "" || e.Error) {
			out = append(out, e)
		}
	}
	return out
}

// reason returns why a command failed: the error that Compose ends with, else all that it said.
func reason(events []event, output string) string {
	for _, e := range slices.Backward(events) {
		if e.Error && e.Message != "" {
			return strings.TrimSpace(e.Message)
		}
	}
	return strings.TrimSpace(output)
}
