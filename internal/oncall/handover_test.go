package oncall_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/oncall"
)

func TestHandOver(t *testing.T) {
	r := vienna(t)
	r.Overrides = []oncall.Override{
		{Role: oncall.Primary, Who: "dora", From: at(t, "2026-03-27T09:00", r.Zone), To: at(t, "2026-03-28T09:00", r.Zone), Reason: "ben is ill"},
		{Role: oncall.Secondary, Who: "cleo", From: at(t, "2026-03-27T17:00", r.Zone), To: at(t, "2026-03-28T09:00", r.Zone), Reason: "a swap"},
	}
	said := func(h oncall.HandOver) (text string) {
		text = h.Since.Format(time.DateTime) + " to " + h.At.Format(time.DateTime)
		for _, of := range h.Roles {
			text += fmt.Sprintf(", %s %s-%s", of.Role, of.From.Who, of.To.Who)
		}
		return text
	}
	first := "2026-03-06 17:00:00 to 2026-03-13 17:00:00, primary -anna, secondary -ben, commander -dora"
	second := "2026-03-13 17:00:00 to 2026-03-20 17:00:00, primary anna-ben, secondary ben-anna, commander dora-dora"
	// A week later there are overrides: one goes over the hand-over, one begins with it.
	third := "2026-03-20 17:00:00 to 2026-03-27 17:00:00, primary dora-dora, secondary anna-cleo, commander dora-dora"
	for text, want := range map[string]string{
		"2025-01-01T00:00": first, "2026-03-13T16:59": first, "2026-03-13T17:00": first, "2026-03-14T04:59:59": first,
		"2026-03-14T05:00": second, "2026-03-20T17:00": second, "2026-03-21T04:59:59": second,
		"2026-03-21T05:00": third, "2026-03-27T16:59:59": third, "2026-03-28T04:59:59": third,
	} {
		require.Equal(t, want, said(r.HandOver(at(t, text, r.Zone))), text)
	}
	h := r.HandOver(at(t, "2026-04-01T12:00", r.Zone))
	require.Equal(t, 167*time.Hour, h.At.Sub(h.Since), "the clocks were put forward")
	require.Equal(t, at(t, "2026-03-28T09:00", r.Zone), h.Roles[0].From.Since, "what the override has left of the week")
}
