package templates

import (
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// What a runbook may have at most.
const (
	maxRunbookBytes = 256 << 10
	maxSteps        = 200 // with those of the runbooks that it calls
	maxNesting      = 5   // of switches
	maxCallDepth    = 3
)

// runbookDraft is a runbook whose calls may still be open.
type runbookDraft struct {
	origin
	file       string
	doc        *strictyaml.Document
	content    runbookFile
	definition runbook.Definition
	calls      []*callSite
	state      resolution
	depth      int // of the calls below it
	steps      int // with those of what it calls
}

// callSite is a call step, to be filled in once all runbooks are read.
type callSite struct {
	at    string
	step  *runbook.Step
	with  arguments
	names condition.Types
}

// runbookReader turns a file into a definition and reports its faults in the document.
type runbookReader struct {
	reader
	draft *runbookDraft
	// ids are the steps by id with their paths.
	ids map[string]string
	// checkpoints are the ids of those that stand before.
	checkpoints []string
	gates       map[string]string // the gate that approves a step
	// ended are the ids of the steps before the one that is looked at; asked is how many of them each gate has.
	ended []string
	asked map[string]int
	count int
}

// decodeRunbook reads one runbook; its calls are resolved later.
func decodeRunbook(doc *strictyaml.Document) (header, any) {
	draft := &runbookDraft{doc: doc}
	doc.Decode(&draft.content)
	r := &runbookReader{reader: reader{doc: doc, names: condition.Types{}}, draft: draft, ids: map[string]string{}, gates: map[string]string{}, asked: map[string]int{}}
	r.read()
	f := draft.content
	return header{f.APIVersion, f.Kind, metadata{f.Metadata.Name, f.Metadata.Description}}, draft
}

func (r *runbookReader) read() {
	f, d := &r.draft.content, &r.draft.definition
	if r.countSteps(f.Steps)+r.countSteps(f.OnFailure) > maxSteps {
		r.doc.Fault("steps", "has more than %d steps; move some into a runbook of their own", maxSteps)
		return
	}
	r.metadata()
	r.scope()
	r.names["run.host"], r.names["run.initiator"] = condition.String, condition.String
	d.Inputs = r.inputs("inputs", f.Inputs)
	for _, in := range d.Inputs {
		r.names["inputs."+in.Name] = in.Type
	}
	r.triggers()
	r.concurrency()
	// A run has its id only once its keys are known.
	r.names["run.id"], r.names["now"] = condition.String, condition.Time
	r.probes()
	r.guards()
	r.doc.Require("steps")
	if r.doc.Has("steps") && len(f.Steps) == 0 {
		r.doc.Fault("steps", "is empty; write at least one step")
	}
	d.Steps = r.steps("steps", f.Steps, 0)
	r.names["run.reason"] = condition.String
	d.OnFailure = r.steps("on_failure", f.OnFailure, 0)
	r.covered("steps", d.Steps, nil, nil)
	r.covered("on_failure", d.OnFailure, nil, nil)
	r.draft.steps = r.count
}

func (r *runbookReader) countSteps(steps []stepFile) int {
	n := len(steps)
	for _, s := range steps {
		for _, c := range s.Cases {
			n += r.countSteps(c.Steps)
		}
	}
	return n
}
