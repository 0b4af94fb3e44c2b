package templates

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// runbookFile is a runbook as people write it.
type runbookFile struct {
	APIVersion  string               `yaml:"apiVersion"`
	Kind        string               `yaml:"kind"`
	Metadata    runbookMetadata      `yaml:"metadata"`
	Scope       string               `yaml:"scope"`
	Triggers    triggersFile         `yaml:"triggers"`
	Concurrency concurrencyFile      `yaml:"concurrency"`
	Inputs      map[string]inputFile `yaml:"inputs"`
	Probes      map[string]probeFile `yaml:"probes"`
	Guards      []guardFile          `yaml:"guards"`
	Steps       []stepFile           `yaml:"steps"`
	OnFailure   []stepFile           `yaml:"on_failure"`
}

type runbookMetadata struct {
	Name        string   `yaml:"name"`
	Aliases     []string `yaml:"aliases"`
	Description string   `yaml:"description"`
	Owner       string   `yaml:"owner"`
	Severity    string   `yaml:"severity"`
	ReviewBy    date     `yaml:"review_by"`
}

type triggersFile struct {
	Alerts   []alertFile         `yaml:"alerts"`
	Dedup    source              `yaml:"dedup"`
	Cooldown strictyaml.Duration `yaml:"cooldown"`
	Breaker  breakerFile         `yaml:"breaker"`
}

type alertFile struct {
	Match  map[string]string `yaml:"match"`
	Inputs map[string]string `yaml:"inputs"`
}

type breakerFile struct {
	MaxRuns int                 `yaml:"max_runs"`
	Window  strictyaml.Duration `yaml:"window"`
}

type concurrencyFile struct {
	Key    source `yaml:"key"`
	Policy string `yaml:"policy"`
}

// arguments are values by the name of the operation's parameter.
type arguments map[string]strictyaml.Scalar

type probeFile struct {
	Uses   string              `yaml:"uses"`
	With   arguments           `yaml:"with"`
	Unit   string              `yaml:"unit"`
	MaxAge strictyaml.Duration `yaml:"max_age"`
}

type guardFile struct {
	Check   source `yaml:"check"`
	Message string `yaml:"message"`
}

// stepFile has the keys of all kinds; stepKeys says which kind takes which.
type stepFile struct {
	ID    string `yaml:"id"`
	Kind  string `yaml:"kind"`
	Title string `yaml:"title"`
	When  source `yaml:"when"`

	Uses       string              `yaml:"uses"`
	With       arguments           `yaml:"with"`
	Risk       string              `yaml:"risk"`
	Idempotent bool                `yaml:"idempotent"`
	Timeout    strictyaml.Duration `yaml:"timeout"`
	Retry      retryFile           `yaml:"retry"`
	Undo       undoFile            `yaml:"undo"`
	OnUnknown  string              `yaml:"on_unknown"`

	Require source              `yaml:"require"`
	Times   int                 `yaml:"times"`
	Every   strictyaml.Duration `yaml:"every"`
	OnFalse string              `yaml:"on_false"`

	Until source              `yaml:"until"`
	For   strictyaml.Duration `yaml:"for"`

	Approves   []string             `yaml:"approves"`
	Groups     []string             `yaml:"groups"`
	Min        int                  `yaml:"min"`
	Not        string               `yaml:"not"`
	Remind     strictyaml.Duration  `yaml:"remind"`
	OnTimeout  string               `yaml:"on_timeout"`
	EscalateTo []string             `yaml:"escalate_to"`
	Fields     map[string]inputFile `yaml:"fields"`

	Message  string     `yaml:"message"`
	Severity string     `yaml:"severity"`
	Cases    []caseFile `yaml:"cases"`
	Runbook  string     `yaml:"runbook"`
	To       string     `yaml:"to"`
}

type retryFile struct {
	Attempts int                 `yaml:"attempts"`
	Interval strictyaml.Duration `yaml:"interval"`
}

type undoFile struct {
	Uses string    `yaml:"uses"`
	With arguments `yaml:"with"`
}

type caseFile struct {
	When  source     `yaml:"when"`
	Steps []stepFile `yaml:"steps"`
}

// source is the text of an expression. It takes true and numbers as they stand in the file.
type source string

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *source) UnmarshalText(text []byte) error {
	*s = source(text)
	return nil
}

// date is a day, 2006-01-02.
type date string

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *date) UnmarshalText(text []byte) error {
	if _, err := time.Parse(time.DateOnly, string(text)); err != nil {
		return fmt.Errorf("%s is not a date; write it as 2027-06-30", strictyaml.Quote(string(text)))
	}
	*d = date(text)
	return nil
}
