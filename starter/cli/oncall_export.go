package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// What an export may have, in weeks.
const (
	usualWeeks = 12
	maxWeeks   = 520
)

func (s *starter) oncallExportCommand() *cobra.Command {
	var weeks int
	cmd := &cobra.Command{
		Use: "export", Short: "Write the rota as a calendar",
		Long: `Write the rota from this week on as iCalendar (RFC 5545): one event for each shift and role, with the overrides. A
later export has the same UIDs, so a calendar takes its events in place of those before. No server is asked.`,
		Example: "  starter oncall export --weeks 26 > oncall.ics",
		RunE:    func(*cobra.Command, []string) error { return s.oncallExport(weeks, time.Now()) },
	}
	cmd.Flags().IntVar(&weeks, "weeks", usualWeeks, fmt.Sprintf("how many weeks, 1 to %d, this one included", maxWeeks))
	return s.configured(cmd)
}

func (s *starter) oncallExport(weeks int, now time.Time) error {
	switch {
	case weeks < 1 || weeks > maxWeeks:
		return usage("--weeks", fmt.Sprintf("%d is no number of weeks", weeks), fmt.Sprintf("write 1 to %d", maxWeeks))
	case s.output == "json":
		return usage("--output", "a calendar is no JSON", "leave it out")
	}
	c, rota, err := s.rota()
	if err != nil {
		return err
	}
	info, err := os.Stat(c.Path)
	if err != nil {
		return failed("oncall export", err.Error(), "try again")
	}
	// Load accepts only names and reasons that a terminal shows; the carriage returns are to be there.
	s.Out.Control(rota.Calendar(rota.Weeks(now, weeks), info.ModTime()))
	return nil
}
