package cli

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/templates"
	"github.com/evenkeel/evenkeel/worker/connect"
)

const (
	// checkLimit bounds every check; all run at once.
	checkLimit = 3 * time.Second
	// dialLimit is shorter, so that the checks behind the connection can still say why they have no
	// answer.
	dialLimit = checkLimit - 500*time.Millisecond
)

// The results of a check.
const (
	statusOK       = "ok"
	statusNote     = "note"      // evenkeel works, with less
	statusMissing  = "missing"   // evenkeel needs it
	statusNotAsked = "not_asked" // it depends on something that is missing
)

// finding is what one check has to say.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

func well(detail string) finding { return finding{Status: statusOK, Detail: detail} }
func noted(detail, hint string) finding {
	return finding{Status: statusNote, Detail: detail, Hint: hint}
}

func lacking(detail, hint string) finding {
	return finding{Status: statusMissing, Detail: detail, Hint: hint}
}
func notAsked(because string) finding { return finding{Status: statusNotAsked, Detail: because} }

// check is one thing that is looked at.
type check struct {
	name string
	run  func(context.Context) finding
}

// doctor holds what several checks need.
type doctor struct {
	// config is nil when configFault says why there is none.
	config      *config.Config
	configFault error
	// host is the one that is looked at; hostFault says why there is none.
	hostName  string
	host      config.Host
	hostFault error
	// installed is what the configuration names for the host, as evenkeel and worker begin with it; installFault says
	// why they would not.
	installed    *templates.Installation
	installFault error
	// only is the one project that is looked at; empty for all of the host.
	only string
	// temporal connects once and gives every caller the same answer.
	temporal func() (*connect.Connection, error)
	engine   *engine
}

func (s *starter) doctorCommand() *cobra.Command {
	return s.onProject(&cobra.Command{
		Use: "doctor", Short: "Check what evenkeel needs and say what to do",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.doctor(cmd.Context()) },
	}, "all")
}

func (s *starter) doctor(ctx context.Context) error {
	quietCompose()
	d := &doctor{only: s.project, engine: newEngine(), temporal: sync.OnceValues(func() (*connect.Connection, error) {
		ctx, cancel := context.WithTimeout(ctx, dialLimit)
		defer cancel()
		return s.dial(ctx)
	})}
	if d.config, d.configFault = config.Load(s.configFile); d.configFault == nil {
		d.hostName, d.host, d.hostFault = d.config.Host(s.host)
		d.installed, d.installFault = templates.Install(d.config, s.host)
	}
	if d.only != "" && d.configFault == nil && d.hostFault == nil {
		if _, _, err := d.host.Project(d.only); err != nil {
			return usage("--project", err.Error(), "name one of them, or none to look at all")
		}
	}
	findings := examine(ctx, d.checks(ctx))
	if c, err := d.temporal(); err == nil {
		c.Close()
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.printFindings(findings)
}

// checks are in the order in which things depend on each other.
func (d *doctor) checks(ctx context.Context) []check {
	checks := []check{
		{"configuration", d.configuration},
		{"definitions", d.definitions},
		{"time zone", d.timeZone},
		{"state directory", d.stateDirectory},
		{"identity", d.identity},
		{"ledger", d.ledger},
		{"Temporal server", d.temporalServer},
		{"namespace", d.namespace},
		{"search attributes", d.searchAttributes},
		{"shared queue", d.sharedQueue},
		{"host queue", d.hostQueue},
		{"worker configuration", d.workerConfiguration},
		{"Docker engine", d.dockerEngine},
		{"Docker Compose", d.dockerCompose},
	}
	checks = append(checks, d.projectChecks(ctx)...)
	checks = append(checks, check{"GPUs", d.gpus}, check{"Prometheus", d.prometheus}, check{"alert rules", d.rules}, check{"metrics", d.metrics}, check{"Slack", d.slack})
	if d.configFault == nil && d.config.TakesPresses(d.hostName) {
		checks = append(checks, check{"Slack presses", d.slackPresses})
	}
	return append(checks, d.outside()...)
}

// examine runs all checks at once and returns their findings in order. A check that does not heed
// its deadline, as one that touches a dead network disk, is not waited for.
func examine(ctx context.Context, checks []check) []finding {
	findings := make([]finding, len(checks))
	var wait sync.WaitGroup
	for i, c := range checks {
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkLimit)
			defer cancel()
			answer := make(chan finding, 1)
			go func() { answer <- c.run(ctx) }()
			select {
			case findings[i] = <-answer:
			case <-time.After(checkLimit + checkLimit/10):
				findings[i] = lacking("no answer within "+checkLimit.String(), "see whether it hangs")
			}
			findings[i].Check, findings[i].Detail = c.name, activities.Spoken(findings[i].Detail)
		})
	}
	wait.Wait()
	return findings
}

// printFindings shows all findings and returns the exit code as an error.
func (s *starter) printFindings(findings []finding) error {
	healthy := !slices.ContainsFunc(findings, func(f finding) bool { return f.Status == statusMissing })
	if s.output == "json" {
		if err := s.printJSON(map[string]any{"healthy": healthy, "checks": findings}); err != nil {
			return err
		}
	} else {
		s.fitted(findingRows(findings, isTerminal(s.Out) && columns(s.Out) < hintColumns))
	}
	if !healthy {
		return answered(exitMissing)
	}
	return nil
}

// hintColumns is the least width at which what to do has a column of its own.
const hintColumns = 80

// findingRows are the rows of the table; below says that what to do stands under the detail. Whatever a
// server or a library said, a cell has no other line than that.
func findingRows(findings []finding, below bool) [][]string {
	rows := [][]string{{"CHECK", "STATUS", "DETAIL", "WHAT TO DO"}}
	if below {
		rows[0] = rows[0][:3]
	}
	for _, f := range findings {
		row := []string{f.Check, strings.ReplaceAll(f.Status, "_", " "), printable(f.Detail), printable(f.Hint)}
		if below {
			row[2] = strings.TrimSuffix(row[2]+"\n→ "+row[3], "\n→ ")
			row = row[:3]
		}
		rows = append(rows, row)
	}
	return rows
}
