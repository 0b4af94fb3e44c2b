package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"

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

// reason is what a person wants to read of an error: the words of the activity, without Temporal's
// own frame around them.
func reason(err error) string {
	var app *temporal.ApplicationError
	var timeout *temporal.TimeoutError
	switch {
	case err == nil:
		return ""
	case temporal.IsCanceledError(err):
		return "cancelled"
	case errors.As(err, &app):
		return app.Message()
	case errors.As(err, &timeout):
		return "timed out: " + strings.ToLower(timeout.TimeoutType().String())
	default:
		return err.Error()
	}
}

// scaleDetails renders a scale run for the Web UI.
func scaleDetails(r ScaleResult) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s %d → %d: %s\n\n", r.Service, r.From, r.To, r.Outcome)
	if r.By != "" {
		fmt.Fprintf(&b, "Asked by %s.", r.By)
		if r.Why != "" {
			fmt.Fprintf(&b, " %s", r.Why)
		}
		b.WriteString("\n\n")
	}
	if r.Reason != "" {
		fmt.Fprintf(&b, "**%s**\n\n", r.Reason)
	}
	if len(r.Phases) > 0 {
		b.WriteString("| phase | started (UTC) | seconds | |\n|---|---|---|---|\n")
	}
	for _, p := range r.Phases {
		seconds := "…"
		if !p.Ended.IsZero() {
			seconds = fmt.Sprintf("%.1f", p.Ended.Sub(p.Started).Seconds())
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", p.Name, p.Started.UTC().Format(time.TimeOnly), seconds, p.Detail)
	}
	for _, line := range r.Undone {
		fmt.Fprintf(&b, "- put back: %s\n", line)
	}
	for _, line := range r.Warnings {
		fmt.Fprintf(&b, "- note: %s\n", line)
	}
	return cut(b.String(), detailsBytes)
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
