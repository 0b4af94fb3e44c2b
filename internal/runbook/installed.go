package runbook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/request"
)

// InstalledKind is the kind of the ledger's entry by which a host's worker keeps a definition that it has installed.
const InstalledKind = "definition.installed"

// Installed is its data: a run follows the definition that it began with, and what its gates demand is read here
// whatever the files say by then.
type Installed struct {
	Host string `json:"host"`
	Name string `json:"name"`
	// SHA256 is Definition.Sum; empty where the host has no runbook of that name any more.
	SHA256     string     `json:"sha256"`
	Definition Definition `json:"definition"`
}

// InstalledKey is what the key of that entry begins with. A name of a host has no slash.
func InstalledKey(host, sum string) string { return "definition/" + host + "/" + sum }

// Sum is the SHA-256 of the definition with all that it calls, in hexadecimal digits.
func (d Definition) Sum() (string, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// IsRun says whether a workflow id is one that a run of the definition may have.
func (d Definition) IsRun(id, host, project string) bool {
	subject := Subject(host, project, d.Name, "")
	return id == subject || strings.HasPrefix(id, subject+"/")
}

// Demand is what a gate demands of those who approve a step.
type Demand struct {
	// Gate is its path.
	Gate string
	// Groups are those whose members may approve, also once it has escalated.
	Groups []string
	// Min is how many persons, at least one.
	Min          int
	NotInitiator bool
	// Seconds is how long an approval holds.
	Seconds int
}

// Longest is how long an approval may hold from when it was given. Where several approve, the first waits for the last.
func (d Demand) Longest() time.Duration {
	limit := Duration(d.Seconds)
	if d.Min > 1 || d.NotInitiator { // which wants one more of a start that proves nobody
		return request.LongestTimes * limit
	}
	return limit
}

// Demands is what the gate in front of a step demands; false where no gate is.
func (p Program) Demands(path string) (Demand, bool) {
	at := p.gateOf(path)
	if at == Nowhere {
		return Demand{}, false
	}
	n := p.Nodes[at]
	d := Demand{
		Gate: n.Path, Groups: n.Step.Groups, Min: max(n.Step.Gate.Min, 1), NotInitiator: n.Step.Gate.NotInitiator, Seconds: n.Step.TimeoutSeconds,
	}
	if n.Step.Gate.OnTimeout == Escalate {
		d.Groups = append(slices.Clip(d.Groups), n.Step.Gate.EscalateTo...)
	}
	return d, true
}

// Does says why a call is not the step of the definition, or what takes it back; nil is that it is. An argument that is not
// written out there is what the run has found out, and nothing here says which.
func (p Program) Does(call ActCall) error {
	at := p.Find(call.Path)
	if at == Nowhere {
		return fmt.Errorf("the runbook %s has no step %s", p.Definition.Name, call.Path)
	}
	s := p.Nodes[at].Step
	uses, with, risk := s.Uses, s.With, s.Risk
	if call.Undo {
		if s.Undo == nil {
			return fmt.Errorf("nothing takes the step %s back", call.Path)
		}
		uses, with, risk = s.Undo.Uses, s.Undo.With, Write
	}
	switch {
	case uses != call.Uses:
		return fmt.Errorf("the step %s uses %q, and not %q", call.Path, uses, call.Uses)
	case risk != call.Risk:
		return fmt.Errorf("the step %s is %s, and not %s", call.Path, risk, call.Risk)
	case call.Measured: // its arguments are how things were
		return nil
	}
	return p.same(call, with)
}

func (p Program) same(call ActCall, with []Filled) error {
	for _, f := range with {
		if f.Value.Constant == nil {
			continue
		}
		written, err := json.Marshal(f.Value.Constant)
		if err != nil {
			return err
		}
		given, err := json.Marshal(call.With[f.Name])
		if err != nil {
			return err
		}
		if !bytes.Equal(written, given) {
			return fmt.Errorf("the step %s has %s: %s, and not %s", call.Path, f.Name, written, given)
		}
	}
	return nil
}
