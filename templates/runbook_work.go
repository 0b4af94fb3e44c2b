package templates

import (
	"maps"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

const (
	workSeconds  = 60 // the default timeout, but of a change of a service: its run ends by itself, and takes what it needs
	lookSeconds  = 10 // the default time from one look of a check to the next
	pollSeconds  = 15 // the default time from one look of a wait to the next
	longestWork  = 2 * time.Hour
	longestWait  = day
	longestEvery = time.Hour
)

// check reads a step that looks, and returns its outputs.
func (r *runbookReader) check(at string, f stepFile, s *runbook.Step) condition.Types {
	outputs := condition.Types{}
	if r.doc.Has(at + ".uses") {
		op, ok := r.operation(at+".uses", f.Uses, runbook.Read)
		s.Uses = f.Uses
		if ok {
			s.With = r.fill(at, operationTarget(op), f.With, r.names)
			maps.Copy(outputs, op.Outputs)
		} else {
			r.unknown = append(r.unknown, "result.", "steps."+f.ID+".")
		}
	} else if r.doc.Has(at + ".with") {
		r.doc.Fault(at+".with", "belongs to an operation; write uses as well")
	}
	names := r.names
	if len(outputs) > 0 {
		names = maps.Clone(r.names)
		for name, t := range outputs {
			names["result."+name] = t
		}
	}
	s.Require = r.expression(at+".require", f.Require, names, condition.Bool)
	r.number(at+".times", f.Times, 1, 100)
	s.Times = max(f.Times, 1)
	r.within(at+".every", time.Duration(f.Every), time.Second, longestEvery)
	if s.EverySeconds = f.Every.Seconds(); s.Times > 1 && s.EverySeconds == 0 {
		s.EverySeconds = lookSeconds
	}
	r.within(at+".timeout", time.Duration(f.Timeout), time.Second, longestWork)
	if s.TimeoutSeconds == 0 {
		s.TimeoutSeconds = workSeconds + s.Times*s.EverySeconds
	}
	s.OnFalse = runbook.Fail
	if r.doc.Has(at + ".on_false") {
		s.OnFalse, _ = oneOf(&r.reader, at+".on_false", "word", f.OnFalse, []string{runbook.Fail, runbook.End})
	}
	return outputs
}

var risks = []runbook.Risk{runbook.Read, runbook.Write, runbook.Destructive}

// action reads a step that does something, and returns its outputs.
func (r *runbookReader) action(at string, f stepFile, s *runbook.Step) condition.Types {
	s.Uses, s.Idempotent = f.Uses, f.Idempotent
	risk, known := oneOf(&r.reader, at+".risk", "risk", runbook.Risk(f.Risk), risks)
	s.Risk = risk
	op, ok := r.operation(at+".uses", f.Uses, runbook.Destructive)
	if ok {
		s.With = r.fill(at, operationTarget(op), f.With, r.names)
		if known && risk.Below(op.Risk) {
			r.doc.Fault(at+".risk", "%s has the risk %s; write risk: %s", op.Name, op.Risk, op.Risk)
		}
		if f.Idempotent && !op.Idempotent && !op.Open { // of an open one the worker's configuration says it
			r.doc.Fault(at+".idempotent", "doing %s twice is not doing it once; write idempotent: false", op.Name)
		}
	} else {
		r.unknown = append(r.unknown, "steps."+f.ID+".")
	}
	r.within(at+".timeout", time.Duration(f.Timeout), time.Second, longestWork)
	switch {
	case s.TimeoutSeconds > 0:
	case op.Workflow:
		s.TimeoutSeconds = int(longestWork.Seconds())
	default:
		s.TimeoutSeconds = workSeconds
	}
	r.retry(at, f, s)
	if r.doc.Has(at + ".undo") {
		r.doc.Require(at + ".undo.uses")
		s.Undo = &runbook.Undo{Uses: f.Undo.Uses}
		if undo, ok := r.operation(at+".undo.uses", f.Undo.Uses, runbook.Write); ok {
			s.Undo.With = r.fill(at+".undo", operationTarget(undo), f.Undo.With, r.names)
		}
	}
	return maps.Clone(op.Outputs)
}

// retry reads what happens when an action fails, or when nobody knows whether it did.
func (r *runbookReader) retry(at string, f stepFile, s *runbook.Step) {
	r.number(at+".retry.attempts", f.Retry.Attempts, 1, 20)
	r.within(at+".retry.interval", time.Duration(f.Retry.Interval), time.Second, 5*time.Minute)
	s.Retry = runbook.Retry{Attempts: f.Retry.Attempts, IntervalSeconds: f.Retry.Interval.Seconds()}
	if f.Idempotent {
		if r.doc.Has(at + ".on_unknown") {
			r.doc.Fault(at+".on_unknown", "is for a step that is not idempotent; this one is done again, remove it")
		}
		return
	}
	if r.doc.Has(at+".retry") && r.doc.Sound(at+".idempotent") {
		r.doc.Fault(at+".retry", "a step that is not idempotent has one attempt; remove it")
	}
	s.OnUnknown = runbook.Ask
	if r.doc.Has(at + ".on_unknown") {
		s.OnUnknown, _ = oneOf(&r.reader, at+".on_unknown", "word", f.OnUnknown, []string{runbook.Ask, runbook.Fail})
	}
}
