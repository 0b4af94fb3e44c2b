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
	// SHA256 is Definition.Sum.
	SHA256     string     `json:"sha256"`
	Definition Definition `json:"definition"`
}

// InstalledKey is the key of that entry. A name of a host has no slash.
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

// Does says why a call is not the step of the definition; nil is that it is. An argument that is not written out there is
// what the run has found out, and nothing here says which.
func (p Program) Does(call ActCall) error {
	at := p.Find(call.Path)
	if at == Nowhere {
		return fmt.Errorf("the runbook %s has no step %s", p.Definition.Name, call.Path)
	}
	s := p.Nodes[at].Step
	if s.Uses != call.Uses {
		return fmt.Errorf("the step %s uses %s, and not %s", call.Path, s.Uses, call.Uses)
	}
	for _, f := range s.With {
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
