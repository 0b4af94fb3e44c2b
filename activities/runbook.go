package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/runbook"
)

// Definitions are the runbooks that are installed on this worker.
type Definitions interface {
	// Runbook returns the runbook of that name or alias.
	Runbook(name string) (runbook.Definition, bool)
	// ReadRunbook reads one that is not installed; what it calls must be.
	ReadRunbook(file string, text []byte) (runbook.Definition, error)
	// NearestRunbook returns what a wrong name may have meant, or "".
	NearestRunbook(name string) string
	// RunbookFault returns why the runbook of that name or alias is not used though it is there, or "".
	RunbookFault(name string) string
}

// Runbooks reads definitions. Its activities are idempotent.
type Runbooks struct {
	Definitions Definitions
	Ledger      Ledger
	Operations  Operations
	// People says who may start a run.
	People *People
	// Projects are the names of the Compose projects by host.
	Projects map[string][]string
	// Channels says where people are told of runs of a severity; nil is the ledger alone.
	Channels func(severity string) Channels
}

// RunbookCall names a runbook and what it is given.
type RunbookCall struct {
	Name   string           `json:"name"`
	Inputs condition.Values `json:"inputs,omitempty"`
	Host   string           `json:"host"`
	// Project may be empty where the host has one.
	Project string `json:"project,omitempty"`
	By      string `json:"by"`
	// File and Text are a runbook that is not installed; only a plan takes one.
	File string `json:"file,omitempty"`
	Text string `json:"text,omitempty"`
	// Starter is who wants a run to start by a name alone; nil where the word is used up already, and in a plan.
	Starter *Starter `json:"starter,omitempty"`
}

// LoadedRunbook is what a run follows to its end.
type LoadedRunbook struct {
	Definition runbook.Definition `json:"definition"`
	// Inputs are checked and complete.
	Inputs condition.Values `json:"inputs"`
	// Key is the concurrency key, Dedup what cooldown and breaker count by.
	Key   string `json:"key"`
	Dedup string `json:"dedup"`
	// Project is the Compose project that the run is about; empty for a runbook about the host.
	Project string `json:"project,omitempty"`
	// Lines are the commands that the runbook runs, by name, as the host's configuration has them now.
	Lines map[string]runbook.CommandLine `json:"lines,omitempty"`
	// RunID is the run that it was loaded for.
	RunID string `json:"run_id,omitempty"`
	// Sum is Definition.Sum.
	Sum string `json:"sum,omitempty"`
	// Channels are where people are told, as the host's worker is configured now.
	Channels Channels `json:"channels,omitzero"`
}

// Program is the definition laid out with the commands that it runs.
func (l LoadedRunbook) Program() runbook.Program {
	p := runbook.Lay(l.Definition)
	p.Lines = l.Lines
	return p
}

// LoadRunbook returns a runbook as it is installed now, with everything that it calls. A name that is
// not there is NotFound, one whose file has a fault PreconditionFailed, wrong inputs are InvalidInput, and a starter who may
// not is PermissionDenied.
func (r *Runbooks) LoadRunbook(ctx context.Context, call RunbookCall) (LoadedRunbook, error) {
	loaded, err := r.load(call)
	loaded.RunID = runID(ctx)
	if err == nil {
		loaded.Sum, err = loaded.Definition.Sum()
	}
	if err == nil && call.Starter != nil {
		_, err = r.People.mayStart(ctx, *call.Starter, r.People.Asked(ctx))
	}
	return loaded, Classify(ctx, err)
}

func (r *Runbooks) load(call RunbookCall) (LoadedRunbook, error) {
	var loaded LoadedRunbook
	d, err := r.definition(call)
	if err != nil {
		return loaded, err
	}
	inputs, fault := input.Fill(d.Inputs, call.Inputs)
	if fault != "" {
		return loaded, Fail(InvalidInput, fmt.Errorf("runbook %s: %s", d.Name, fault))
	}
	project, err := r.project(call, d)
	if err != nil {
		return loaded, err
	}
	keys, err := runbook.FindKeys(d, call.Host, call.By, inputs, time.Now())
	if err != nil {
		return loaded, Fail(InvalidInput, fmt.Errorf("runbook %s: %w", d.Name, err))
	}
	return LoadedRunbook{
		Definition: d, Inputs: inputs, Key: keys.Concurrency, Dedup: keys.Dedup, Project: project,
		Lines: r.Operations.CommandLines(runbook.Lay(d)), Channels: r.channels(d.Severity),
	}, nil
}

func (r *Runbooks) channels(severity string) Channels {
	if r.Channels == nil {
		return Channels{}
	}
	return r.Channels(severity)
}

// project is what the run is about: one of the host's projects, or none where the runbook is about the host.
func (r *Runbooks) project(call RunbookCall, d runbook.Definition) (string, error) {
	projects, ok := r.Projects[call.Host]
	switch {
	case !ok:
		return "", Fail(InvalidInput, fmt.Errorf("the configuration has no host %q", call.Host))
	case d.Scope == runbook.ScopeHost && call.Project != "":
		return "", Fail(InvalidInput, fmt.Errorf("the runbook %s is about the host %s and not about a project; leave --project out", d.Name, call.Host))
	case d.Scope == runbook.ScopeHost:
		return "", nil
	case len(projects) == 0:
		return "", Fail(InvalidInput, fmt.Errorf("the host %s has no project in the configuration, and the runbook %s is about one", call.Host, d.Name))
	case call.Project == "" && len(projects) == 1:
		return projects[0], nil
	case call.Project == "":
		return "", Fail(InvalidInput, fmt.Errorf("the host %s has several projects; name one of %s with --project", call.Host, strings.Join(projects, ", ")))
	case !slices.Contains(projects, call.Project):
		return "", Fail(InvalidInput, fmt.Errorf("the host %s has no project %q; it has %s", call.Host, call.Project, strings.Join(projects, ", ")))
	}
	return call.Project, nil
}

func (r *Runbooks) definition(call RunbookCall) (runbook.Definition, error) {
	if call.Text != "" {
		d, err := r.Definitions.ReadRunbook(call.File, []byte(call.Text))
		return d, Fail(InvalidInput, err)
	}
	d, ok := r.Definitions.Runbook(call.Name)
	if ok {
		return d, nil
	}
	if fault := r.Definitions.RunbookFault(call.Name); fault != "" {
		return d, Fail(PreconditionFailed, errors.New(fault))
	}
	hint := "one that is new is read when `evenkeel` or `worker` is restarted"
	if near := r.Definitions.NearestRunbook(call.Name); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return d, Fail(NotFound, fmt.Errorf("%s; %s", NoRunbook(call.Name), hint))
}

// NoRunbook is what the error of a name that no definition has begins with.
func NoRunbook(name string) string { return fmt.Sprintf("no runbook is named %q", name) }

// PastRequest asks when runs about one subject began to act.
type PastRequest struct {
	Subject string    `json:"subject"`
	Since   time.Time `json:"since"`
}

// pastLimit bounds how many are read; no breaker counts as far.
const pastLimit = 500

// PastActs returns when runs about a subject began to act. It is used as the local activity ActedSince, and as
// ActedSinceLater as an ordinary one, for when the ledger was away.
func (r *Runbooks) PastActs(ctx context.Context, req PastRequest) ([]time.Time, error) {
	entries, err := r.Ledger.Read(ctx, ledger.Filter{
		Kind: runbook.ActingKind, Subject: req.Subject, Since: req.Since.UTC().Format(time.RFC3339), Limit: pastLimit, NewestFirst: true,
	})
	if err != nil {
		return nil, Classify(ctx, err)
	}
	var past []time.Time
	for _, e := range entries {
		at, err := time.Parse(time.RFC3339Nano, e.At)
		if err != nil {
			return nil, Classify(ctx, Fail(PreconditionFailed, errors.New("the ledger holds a time that is none: "+e.At)))
		}
		past = append(past, at)
	}
	return past, nil
}
