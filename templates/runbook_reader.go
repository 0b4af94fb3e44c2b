package templates

import (
	"errors"
	"regexp"
	"strings"
	"time"

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
	maxEntries      = 100 // inputs, probes, guards, aliases and so on
	maxLabel        = 64  // bytes of a step's or an input's name
	day             = 24 * time.Hour
)

// runbookDraft is a runbook whose calls may still be open.
type runbookDraft struct {
	file       string
	builtIn    bool
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
	doc   *strictyaml.Document
	draft *runbookDraft
	// names are those that an expression may use at the place that is being read.
	names condition.Types
	// unknown are the beginnings of names whose declaration has a fault of its own.
	unknown []string
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
	r := &runbookReader{doc: doc, draft: draft, names: condition.Types{}, ids: map[string]string{}, gates: map[string]string{}, asked: map[string]int{}}
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

// expression checks the expression at a path; the zero Expression when there is none or it has a fault.
func (r *runbookReader) expression(at string, text source, names condition.Types, want condition.Type) condition.Expression {
	return r.expressionIn(at, string(text), string(text), names, want)
}

// expressionIn checks an expression that is a part of what stands at a path.
func (r *runbookReader) expressionIn(at, whole, text string, names condition.Types, want condition.Type) condition.Expression {
	if whole == "" || !r.doc.Sound(at) {
		return condition.Expression{}
	}
	e, err := condition.Compile(text, names, want)
	r.languageFault(at, text, err)
	return e
}

// message checks the template at a path.
func (r *runbookReader) message(at, text string) (string, condition.Types) {
	if text == "" || !r.doc.Sound(at) {
		return text, nil
	}
	uses, err := condition.CompileTemplate(text, r.names)
	r.languageFault(at, text, err)
	return text, uses
}

// languageFault reports what is wrong with an expression or a template, where it stands in the file.
func (r *runbookReader) languageFault(at, text string, err error) {
	var fault *condition.Error
	if !errors.As(err, &fault) {
		return
	}
	for _, begin := range r.unknown {
		if strings.Contains(text, begin) {
			return // its declaration has a fault, from which this one may follow
		}
	}
	r.doc.FaultIn(at, text, fault.Line, fault.Column, "%s", fault.Problem)
}

// within reports a duration that is out of range.
func (r *runbookReader) within(at string, d, least, most time.Duration) {
	if got := time.Duration(d); r.doc.Has(at) && (got < least || got > most) {
		r.doc.Fault(at, "%s is out of range; write %s to %s", strictyaml.Duration(d), strictyaml.Duration(least), strictyaml.Duration(most))
	}
}

// number reports a whole number that is out of range.
func (r *runbookReader) number(at string, n, least, most int) {
	if r.doc.Has(at) && (n < least || n > most) {
		r.doc.Fault(at, "%d is out of range; write %d to %d", n, least, most)
	}
}

// few reports a list or mapping that is longer than anybody needs.
func (r *runbookReader) few(at string, n int) bool {
	if n > maxEntries {
		r.doc.Fault(at, "has %d entries; it may have %d", n, maxEntries)
	}
	return n <= maxEntries
}

var label = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// celWords cannot stand in an expression as a name.
var celWords = map[string]bool{"in": true, "true": true, "false": true, "null": true}

// isLabel says whether a step, an input or a probe can have that name, and reports it if not.
func (r *runbookReader) isLabel(at, name string) bool {
	switch {
	case !label.MatchString(name) || len(name) > maxLabel:
		r.doc.Fault(at, "%s is not a name; write lower-case letters, digits and '_', a letter first, %d at most", strictyaml.Quote(name), maxLabel)
	case celWords[name]:
		r.doc.Fault(at, "%s is a word of expressions; take another name", strictyaml.Quote(name))
	default:
		return true
	}
	return false
}
