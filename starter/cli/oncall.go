package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/oncall"
)

// wallClock is how a time of the rota is shown: by the clock on its wall, whatever the zone of who looks.
const wallClock = "Mon 2006-01-02 15:04 MST"

func (s *starter) oncallCommand() *cobra.Command {
	return group("oncall", "Show who is on call, override it, export it, or hand it over", s.oncallWhoCommand(), s.oncallOverrideCommand(), s.oncallExportCommand(), s.oncallHandoverCommand())
}

// rota loads the configuration and its rota.
func (s *starter) rota() (*config.Config, *oncall.Rota, error) {
	c, err := config.Load(s.configFile)
	if err != nil {
		return nil, nil, badConfiguration(err)
	}
	rota := c.OncallRota()
	if rota == nil {
		return nil, nil, missing("configuration", c.Path+" has no rota", "write one under oncall")
	}
	return c, rota, nil
}

func (s *starter) oncallWhoCommand() *cobra.Command {
	var at string
	cmd := &cobra.Command{
		Use: "who", Short: "Show who is on call, until when, and who is next",
		Long: `Show who has each role on call, since when and until when, and who is next. Times are those of the clock on the
wall in time_zone. No server is asked.`,
		Example: "  starter oncall who\n  starter oncall who --at 2026-01-09T17:00",
		RunE:    func(*cobra.Command, []string) error { return s.oncallWho(at, time.Now()) },
	}
	cmd.Flags().StringVar(&at, "at", "", "show it for this time, as 2026-01-09T17:00 in time_zone or as RFC 3339 (default: now)")
	return s.configured(cmd)
}

// oncallRole is who has a role at a time, in JSON.
type oncallRole struct {
	Role oncall.Role `json:"role"`
	*oncallShift
	Next oncallShift `json:"next"`
}

type oncallShift struct {
	Who   string    `json:"who"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Reason is that of an override.
	Reason string `json:"reason,omitempty"`
}

func shiftRow(s oncall.Shift) oncallShift {
	return oncallShift{Who: s.Who, Since: s.Since.UTC(), Until: s.Until.UTC(), Reason: s.Reason}
}

func (s *starter) oncallWho(asked string, at time.Time) error {
	c, rota, err := s.rota()
	if err != nil {
		return err
	}
	if asked != "" {
		if at, err = oncall.ParseTime(asked, rota.Zone); err != nil {
			return usageOf("--at", err.Error())
		}
	}
	shifts, next := rota.At(at), rota.Next(at, 1)
	roles := []oncallRole{}
	rows := [][]string{{"ROLE", "PERSON", "SINCE", "UNTIL", "WHY", "NEXT"}}
	shown := func(t time.Time) string { return t.In(rota.Zone).Format(wallClock) }
	for _, role := range oncall.Roles() {
		then := next[role][0]
		one := oncallRole{Role: role, Next: shiftRow(then)}
		row := []string{string(role), "nobody", "-", shown(then.Since), "before the start", ""}
		if shift, ok := shifts[role]; ok {
			of := shiftRow(shift)
			one.oncallShift = &of
			row = []string{string(role), shift.Who, shown(shift.Since), shown(shift.Until), why(shift), ""}
		}
		row[len(row)-1] = fmt.Sprintf("%s until %s", then.Who, shown(then.Until))
		roles, rows = append(roles, one), append(rows, row)
	}
	if s.output == "json" {
		return s.printJSON(map[string]any{"at": at.UTC().Truncate(time.Second), "time_zone": c.TimeZone, "roles": roles})
	}
	s.fitted(rows)
	return nil
}

// why says what gives a role to somebody.
func why(shift oncall.Shift) string {
	if shift.Reason == "" {
		return "rota"
	}
	return "override: " + shift.Reason
}
