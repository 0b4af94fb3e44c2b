package workflows

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/scaling"
)

// Temporal's documented limits for what the Web UI shows of a run and of its steps.
const (
	summaryBytes = 400
	detailsBytes = 20_000
)

// cut shortens s to at most n bytes on a rune boundary and says with an ellipsis that it did.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[:n-len("…")]
	for len(s) > 0 {
		if r, size := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || size > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s + "…"
}

// markdown gives what Markdown, a table of it or HTML in it would take for its own a backslash.
var markdown = func() *strings.Replacer {
	var pairs []string
	for _, c := range "\\`*_[]<>|~&!#" {
		pairs = append(pairs, string(c), `\`+string(c))
	}
	return strings.NewReplacer(pairs...)
}()

// plain makes one line of a text from outside, which Markdown shows as it is wherever it stands.
func plain(text string) string { return markdown.Replace(strings.Join(strings.Fields(text), " ")) }

// serviceDetails renders a change of a service for the Web UI. How often a step was tried is not in it: a workflow
// hears of an activity when it has ended. The Web UI shows attempts and the last error beside it, among the pending
// activities.
func serviceDetails(r ServiceResult) string {
	lines := []string{fmt.Sprintf("## %s on %s: %s\n", plain(r.Project+"/"+r.Change()), plain(r.Host), plain(string(r.Outcome)))}
	if r.By != "" {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("Asked by %s. %s", plain(identity.Shown(r.By, r.Claimed)), plain(r.Why)))+"\n")
	}
	if r.Reason != "" {
		lines = append(lines, fmt.Sprintf("**%s**\n", plain(r.Reason)))
	}
	if r.Waits != "" {
		lines = append(lines, fmt.Sprintf("**Waits:** %s\n", plain(r.Waits)))
	}
	if len(r.Phases) > 0 {
		lines = append(lines, "| phase | started (UTC) | seconds | |", "|---|---|---|---|")
	}
	for _, p := range r.Phases {
		seconds := "…"
		if !p.Ended.IsZero() {
			seconds = fmt.Sprintf("%.1f", p.Ended.Sub(p.Started).Seconds())
		}
		lines = append(lines, fmt.Sprintf("| %s | %s | %s | %s |", p.Name, p.Started.UTC().Format(time.TimeOnly), seconds, plain(p.Detail)))
	}
	for _, line := range r.Undone {
		lines = append(lines, "- put back: "+plain(line))
	}
	for _, line := range r.Warnings {
		lines = append(lines, "- note: "+plain(line))
	}
	return cut(strings.Join(lines, "\n")+"\n", detailsBytes)
}

// names lists replicas by name.
func names(replicas []scaling.Replica) string {
	var out []string
	for _, r := range replicas {
		out = append(out, r.Name)
	}
	return strings.Join(out, ", ")
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// guardDetails renders the VRAM books for the Web UI.
func guardDetails(s GuardState) string {
	lines := []string{"## VRAM of " + plain(s.Host) + "\n"}
	if len(s.Ledger.GPUs) == 0 {
		return lines[0] + "\nNo GPU was looked at yet.\n"
	}
	lines = append(lines, "| GPU | total MB | free MB | promised MB | room MB |", "|---|---|---|---|---|")
	for _, g := range s.Ledger.GPUs {
		room, _ := s.Ledger.RoomMB(g.UUID)
		lines = append(lines, fmt.Sprintf("| %d %s | %d | %d | %d | %d |", g.Index, plain(g.UUID), g.TotalMB, g.FreeMB, s.Ledger.PromisedMB(g.UUID), room))
	}
	for _, c := range s.Ledger.Claims {
		lines = append(lines, fmt.Sprintf("- %s: %s, %d MB on %s", plain(c.ID), c.State, c.CountsMB(), c.GPU))
	}
	return cut(strings.Join(lines, "\n")+"\n", detailsBytes)
}
