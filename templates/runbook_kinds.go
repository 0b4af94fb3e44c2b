package templates

import (
	"slices"

	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

var stepKinds = []runbook.Kind{
	runbook.Check, runbook.Action, runbook.GateStep, runbook.Manual, runbook.InputStep, runbook.Wait, runbook.Switch, runbook.Call,
	runbook.Notify, runbook.Incident, runbook.Checkpoint, runbook.Rollback,
}

// stepKeys says which kinds of steps take a key. Every kind takes id, kind, title and when.
var stepKeys = []struct {
	key   string
	kinds []runbook.Kind
}{
	{"uses", []runbook.Kind{runbook.Check, runbook.Action}},
	{"with", []runbook.Kind{runbook.Check, runbook.Action, runbook.Call}},
	{"risk", []runbook.Kind{runbook.Action}},
	{"idempotent", []runbook.Kind{runbook.Action}},
	{"timeout", []runbook.Kind{runbook.Check, runbook.Action, runbook.GateStep, runbook.Manual, runbook.InputStep, runbook.Wait}},
	{"retry", []runbook.Kind{runbook.Action}},
	{"undo", []runbook.Kind{runbook.Action}},
	{"on_unknown", []runbook.Kind{runbook.Action}},
	{"require", []runbook.Kind{runbook.Check}},
	{"times", []runbook.Kind{runbook.Check}},
	{"every", []runbook.Kind{runbook.Check, runbook.Wait}},
	{"on_false", []runbook.Kind{runbook.Check}},
	{"until", []runbook.Kind{runbook.Wait}},
	{"for", []runbook.Kind{runbook.Wait}},
	{"approves", []runbook.Kind{runbook.GateStep}},
	{"groups", []runbook.Kind{runbook.GateStep, runbook.Manual, runbook.InputStep, runbook.Notify}},
	{"min", []runbook.Kind{runbook.GateStep}},
	{"not", []runbook.Kind{runbook.GateStep}},
	{"remind", []runbook.Kind{runbook.GateStep, runbook.Manual, runbook.InputStep}},
	{"on_timeout", []runbook.Kind{runbook.GateStep}},
	{"escalate_to", []runbook.Kind{runbook.GateStep}},
	{"fields", []runbook.Kind{runbook.Manual, runbook.InputStep}},
	{"message", []runbook.Kind{runbook.Check, runbook.GateStep, runbook.Manual, runbook.InputStep, runbook.Notify, runbook.Incident}},
	{"severity", []runbook.Kind{runbook.Incident}},
	{"cases", []runbook.Kind{runbook.Switch}},
	{"runbook", []runbook.Kind{runbook.Call}},
	{"to", []runbook.Kind{runbook.Rollback}},
}

// needs are the keys without which a kind of step means nothing.
var needs = map[runbook.Kind][]string{
	runbook.Check:     {"require"},
	runbook.Action:    {"uses", "risk", "idempotent"},
	runbook.GateStep:  {"approves", "groups", "timeout", "message"},
	runbook.Manual:    {"message", "groups", "timeout"},
	runbook.InputStep: {"message", "groups", "timeout", "fields"},
	runbook.Switch:    {"cases"},
	runbook.Call:      {"runbook"},
	runbook.Notify:    {"message", "groups"},
	runbook.Incident:  {"message"},
}

// kind checks what a step is and that it has the keys of its kind and no others; false when that is
// not known.
func (r *runbookReader) kind(at, written string) (runbook.Kind, bool) {
	r.doc.Require(at + ".kind")
	kind, ok := oneOf(&r.reader, at+".kind", "kind", runbook.Kind(written), stepKinds)
	if !ok {
		return "", false
	}
	for _, k := range stepKeys {
		if r.doc.Has(at+"."+k.key) && !slices.Contains(k.kinds, kind) {
			r.doc.Fault(at+"."+k.key, "is no key of a step of kind %s; it belongs to %s", kind, strictyaml.Listed(k.kinds))
		}
	}
	for _, key := range needs[kind] {
		r.doc.Require(at + "." + key)
	}
	return kind, true
}
