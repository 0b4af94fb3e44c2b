package templates

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/runbooktest"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// What a case is when it does not say otherwise.
const (
	caseHost      = "host"
	caseInitiator = "anna@gpu-1"
)

var caseStart = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

// runbookTestDraft are the cases of a runbook.
type runbookTestDraft struct {
	origin
	cases []runbooktest.Case
}

// tests compares the cases that were read with the runbooks that they are for.
func (s *Set) tests(readings []*reading) {
	for _, r := range readings {
		draft, ok := r.value.(*runbookTestDraft)
		if !ok || s.definitions[r.key].value != draft {
			continue
		}
		of, found := s.called[r.key.name]
		switch {
		case s.isFaulty(id{runbookKind, r.key.name}):
			continue // which is told already
		case !found || of.definition.Name != r.key.name:
			r.doc.Fault("metadata.name", "no runbook is named %s; %s", strictyaml.Quote(r.key.name), strictyaml.Instead(r.key.name, s.runbookNames()))
			continue
		case of.doc.Err() != nil || r.doc.Err() != nil || draft.builtIn && !of.builtIn:
			continue
		}
		program := runbook.Lay(of.definition)
		for i, c := range draft.cases {
			for _, f := range runbooktest.Check(program, c) {
				at := fmt.Sprintf("cases[%d].%s", i, f.At)
				if f.Entry >= 0 {
					at = entry(r.doc, at, f.Entry)
				}
				if key := at + "." + f.Key; r.doc.Has(key) {
					at = key
				}
				r.doc.Fault(at, "%s", f.Problem)
			}
		}
	}
}

func (s *Set) runbookNames() []string {
	var names []string
	for _, d := range s.Runbooks() {
		names = append(names, d.Name)
	}
	return names
}

func decodeRunbookTest(doc *strictyaml.Document) (header, any) {
	var f runbookTestFile
	doc.Decode(&f)
	doc.Require("cases")
	if doc.Has("cases") && len(f.Cases) == 0 {
		doc.Fault("cases", "is empty; write at least one case")
	}
	draft := &runbookTestDraft{}
	names := map[string]bool{}
	for i, c := range f.Cases {
		at := fmt.Sprintf("cases[%d]", i)
		doc.Require(at+".name", at+".expect.outcome")
		if names[c.Name] {
			doc.Fault(at+".name", "%s is the name of another case; give each its own", strictyaml.Quote(c.Name))
		}
		names[c.Name] = true
		draft.cases = append(draft.cases, readCase(doc, at, c))
	}
	return f.header, draft
}

func readCase(doc *strictyaml.Document, at string, f testCaseFile) runbooktest.Case {
	c := runbooktest.Case{
		Name: f.Name, Inputs: scalars(f.Inputs), Host: cmp.Or(f.Host, caseHost), Initiator: cmp.Or(f.Initiator, caseInitiator),
		Start: time.Time(f.Start), Probes: map[string][]runbooktest.Moment{}, Steps: map[string][]runbooktest.Script{},
	}
	if c.Start.IsZero() {
		c.Start = caseStart
	}
	for name, moments := range f.Probes {
		for i, m := range moments {
			c.Probes[name] = append(c.Probes[name], caseMoment(doc, entry(doc, at+".probes."+name, i), m))
		}
	}
	for path, scripts := range f.Steps {
		for i, s := range scripts {
			outcome := caseOutcome(doc, entry(doc, at+".steps."+path, i)+".outcome", s.Outcome)
			c.Steps[path] = append(c.Steps[path], runbooktest.Script{Outcome: outcome, Takes: time.Duration(s.Takes), Outputs: scalars(s.Outputs)})
		}
	}
	for i, p := range f.People {
		c.People = append(c.People, casePerson(doc, fmt.Sprintf("%s.people[%d]", at, i), p))
	}
	c.Expect = caseExpect(doc, at+".expect", f.Expect)
	return c
}

// entry is the path of an entry of a list that may have been written as its only one.
func entry(doc *strictyaml.Document, at string, i int) string {
	if in := fmt.Sprintf("%s[%d]", at, i); doc.Has(in) {
		return in
	}
	return at
}

func scalars(in map[string]strictyaml.Scalar) condition.Values {
	out := condition.Values{}
	for name, v := range in {
		out[name] = v.Value
	}
	return out
}

// caseMoment tells the keys after and fault from the outputs beside them.
func caseMoment(doc *strictyaml.Document, at string, f map[string]strictyaml.Scalar) runbooktest.Moment {
	m := runbooktest.Moment{Values: scalars(f)}
	for _, key := range slices.Sorted(maps.Keys(f)) {
		text, isText := f[key].Value.(string)
		switch {
		case key == "after":
			after, err := strictyaml.ParseDuration(fmt.Sprint(f[key].Value))
			if err != nil {
				doc.Fault(at+".after", "%s", err)
			}
			m.After = time.Duration(after)
		case key == "fault" && isText:
			m.Fault = text
		case key == "fault":
			doc.Fault(at+".fault", "is not text; write why there is no value")
		default:
			continue
		}
		delete(m.Values, key)
	}
	if m.Fault != "" && len(m.Values) > 0 {
		doc.Fault(at+".fault", "stands beside values; write one or the other")
	}
	return m
}

// caseOutcomes are the outcomes as a case writes them.
var caseOutcomes = map[string]runbook.StepOutcome{"ok": runbook.OK, "fail": runbook.Failed, "timeout": runbook.TimedOut, "unknown": runbook.Unclear}

func caseOutcome(doc *strictyaml.Document, at, text string) runbook.StepOutcome {
	outcome, ok := caseOutcomes[text]
	if !ok && text != "" {
		doc.Fault(at, "%s is no outcome; %s", strictyaml.Quote(text), strictyaml.Instead(text, slices.Sorted(maps.Keys(caseOutcomes))))
	}
	return outcome
}

func casePerson(doc *strictyaml.Document, at string, f personFile) runbooktest.Person {
	said := 0
	for _, word := range []string{f.Approve, f.Reject, f.Answer, f.Verb} {
		if word != "" {
			said++
		}
	}
	switch {
	case said != 1:
		doc.Fault(at, "says %d things; write one of approve, reject, answer and verb", said)
	case f.Verb != "" && !slices.Contains(runbook.Verbs, f.Verb):
		doc.Fault(at+".verb", "%s is no order; %s", strictyaml.Quote(f.Verb), strictyaml.Instead(f.Verb, runbook.Verbs))
	case f.Verb == "" && f.At != "":
		doc.Fault(at+".at", "belongs to a verb; remove it")
	case f.Answer == "" && len(f.Fields) > 0:
		doc.Fault(at+".fields", "belong to an answer; remove them")
	}
	doc.Require(at + ".by")
	return runbooktest.Person{
		Approve: f.Approve, Reject: f.Reject, Answer: f.Answer, Verb: f.Verb, At: f.At, By: f.By, Groups: f.Groups,
		After: time.Duration(f.After), Reason: f.Reason, Fields: scalars(f.Fields),
	}
}

// runOutcomes are how a run can end that began.
var runOutcomes = []string{
	string(runbook.Succeeded), string(runbook.NotNeeded), string(runbook.Rejected), string(runbook.Aborted), string(runbook.RunFailed), string(runbook.RolledBack),
	string(runbook.RollbackIncomplete), string(runbook.Refused),
}

func caseExpect(doc *strictyaml.Document, at string, f expectFile) runbooktest.Expect {
	e := runbooktest.Expect{Outcome: runbook.Outcome(f.Outcome), Reason: f.Reason, Path: f.Path, Undone: f.Undone, NotUndone: f.NotUndone}
	if !slices.Contains(runOutcomes, f.Outcome) {
		doc.Fault(at+".outcome", "%s is not how a run ends; %s", strictyaml.Quote(f.Outcome), strictyaml.Instead(f.Outcome, runOutcomes))
	}
	if _, err := regexp.Compile(f.Reason); err != nil {
		doc.Fault(at+".reason", "%s is no regular expression; escape what is meant as it stands", strictyaml.Quote(f.Reason))
	}
	if doc.Has(at + ".denied") {
		e.Denied = &f.Denied
	}
	if took := time.Duration(f.Took); doc.Has(at + ".took") {
		e.Took = &took
	}
	return e
}
