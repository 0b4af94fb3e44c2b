package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/oncall"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/terminal"
	"github.com/evenkeel/evenkeel/workflows"
)

func TestWhatGoesWrong(t *testing.T) {
	for data, c := range map[string]struct {
		kind string
		well bool
	}{
		`{"outcome": "succeeded"}`:           {"runbook.finished", true},
		`{"outcome": "not_needed"}`:          {"runbook.finished", true},
		`{"outcome": "rollback_incomplete"}`: {"runbook.finished", false},
		`{"outcome": "rejected"}`:            {"runbook.finished", false},
		`no JSON`:                            {"runbook.finished", false},
		`{"outcome": "scaled"}`:              {"service.finished", true},
		`{"outcome": "rolled_back"}`:         {"service.finished", false},
		`{"outcome": "unchanged"}`:           {"incident.opened", false},
		`{}`:                                 {"request.expired", false},
	} {
		require.Equal(t, c.well, endedWell(ledger.Entry{Kind: c.kind, Data: data}), data)
	}
}

func TestHandover(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	rota := &oncall.Rota{
		Start: oncall.Date{Year: 2026, Month: 3, Day: 13}, Zone: zone,
		People: map[oncall.Role][]string{oncall.Primary: {"anna", "ben"}, oncall.Secondary: {"ben", "cleo"}, oncall.Commander: {"dora"}},
	}
	now := time.Date(2026, 3, 18, 12, 0, 0, 0, zone)
	roles, since := handedRoles(rota, now)
	friday := time.Date(2026, 3, 20, 17, 0, 0, 0, zone)
	require.Equal(t, []handedRole{
		{oncall.Primary, "anna", "ben", friday.UTC()}, {oncall.Secondary, "ben", "cleo", friday.UTC()}, {oncall.Commander, "dora", "dora", friday.UTC()},
	}, roles)
	require.Equal(t, friday.AddDate(0, 0, -7).UTC(), since)
	_, before := handedRoles(rota, now.AddDate(0, 0, -14))
	require.Equal(t, now.AddDate(0, 0, -21).UTC(), before, "before the start a week is looked at")

	var out bytes.Buffer
	s := &starter{Out: terminal.NewWriter(&out)}
	s.printHandover(handover{
		Roles: roles, Since: since, shown: func(t time.Time) string { return t.In(zone).Format(wallClock) },
		Open: []openRequest{{ListedRequest: workflows.ListedRequest{
			Summary: request.Summary{ID: "ask.1@01234567", Groups: []string{"sre"}, Deadline: friday}, WorkflowID: "runbook/gpu-1/shop/restart/app",
		}}},
		Running:  []run{{ID: "runbook/gpu-1/shop/restart/app", Started: now, WaitsFor: "sre"}},
		Happened: []ledger.Entry{{Seq: 17, At: "no time", Kind: "incident.opened", Subject: "runbook/gpu-1/shop/restart/app", Data: `{"incident":"INC-1"}`}},
	})
	require.Equal(t, `ROLE       FROM  TO    AT
primary    anna  ben   Fri 2026-03-20 17:00 CET
secondary  ben   cleo  Fri 2026-03-20 17:00 CET
commander  dora  dora  Fri 2026-03-20 17:00 CET

Waits for people: 1
  gpu-1/shop/restart/app:ask.1 until Fri 2026-03-20 17:00 CET, for sre

At work: 1
  runbook/gpu-1/shop/restart/app since Wed 2026-03-18 12:00 CET: waits for sre

Went wrong since Fri 2026-03-13 17:00 CET: 1
  17  no time  incident.opened  runbook/gpu-1/shop/restart/app  {"incident":"INC-1"}
`, out.String())
}
