package templates

import (
	"fmt"
	"time"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// runbookTestFile is the cases of a runbook as people write them.
type runbookTestFile struct {
	header `yaml:",inline"`
	Cases  []testCaseFile `yaml:"cases"`
}

type testCaseFile struct {
	Name      string                                                      `yaml:"name"`
	Inputs    map[string]strictyaml.Scalar                                `yaml:"inputs"`
	Host      string                                                      `yaml:"host"`
	Initiator string                                                      `yaml:"initiator"`
	Start     instant                                                     `yaml:"start"`
	Probes    map[string]strictyaml.Several[map[string]strictyaml.Scalar] `yaml:"probes"`
	Steps     map[string]strictyaml.Several[scriptFile]                   `yaml:"steps"`
	People    []personFile                                                `yaml:"people"`
	Expect    expectFile                                                  `yaml:"expect"`
}

type scriptFile struct {
	Outcome string                       `yaml:"outcome"`
	Takes   strictyaml.Duration          `yaml:"takes"`
	Outputs map[string]strictyaml.Scalar `yaml:"outputs"`
}

type personFile struct {
	Approve string                       `yaml:"approve"`
	Reject  string                       `yaml:"reject"`
	Answer  string                       `yaml:"answer"`
	Verb    string                       `yaml:"verb"`
	At      string                       `yaml:"at"`
	By      string                       `yaml:"by"`
	Groups  []string                     `yaml:"groups"`
	After   strictyaml.Duration          `yaml:"after"`
	Reason  string                       `yaml:"reason"`
	Fields  map[string]strictyaml.Scalar `yaml:"fields"`
}

type expectFile struct {
	Outcome   string              `yaml:"outcome"`
	Reason    string              `yaml:"reason"`
	Path      []string            `yaml:"path"`
	Undone    []string            `yaml:"undone"`
	NotUndone []string            `yaml:"not_undone"`
	Denied    int                 `yaml:"denied"`
	Took      strictyaml.Duration `yaml:"took"`
}

// instant is a moment, 2026-01-05T03:00:00Z.
type instant time.Time

// UnmarshalText implements encoding.TextUnmarshaler.
func (i *instant) UnmarshalText(text []byte) error {
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("%s is not a time; write it as 2026-01-05T03:00:00Z", strictyaml.Quote(string(text)))
	}
	*i = instant(at.UTC())
	return nil
}
