package workflows_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/input"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/workflows"
)

// memory is a ledger that forgets when the test ends.
type memory struct {
	mu      sync.Mutex
	entries []ledger.Entry
	// fault says why it does not answer now; nil is always.
	fault func() error
	reads func() error
}

func (m *memory) Append(_ context.Context, d ledger.Draft) (ledger.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		if err := m.fault(); err != nil {
			return ledger.Entry{}, err
		}
	}
	for _, e := range m.entries {
		if e.Key == d.Key {
			if !e.Says(d) {
				return e, activities.Fail(activities.Conflict, errors.New(d.Key))
			}
			return e, nil
		}
	}
	last := ledger.Beginning()
	if n := len(m.entries); n > 0 {
		last = m.entries[n-1].Head()
	}
	m.entries = append(m.entries, d.Seal(last))
	return m.entries[len(m.entries)-1], nil
}

func (m *memory) AppendFirst(ctx context.Context, d ledger.Draft) (bool, error) {
	m.mu.Lock()
	before := len(m.entries)
	m.mu.Unlock()
	_, err := m.Append(ctx, d)
	return err == nil && len(m.entries) > before, err
}

func (m *memory) AppendUnless(ctx context.Context, d ledger.Draft, since time.Time, refuse func([]ledger.Entry) string) (string, error) {
	before, _ := m.Read(ctx, ledger.Filter{Kind: d.Kind, Subject: d.Subject, Since: since.UTC().Format(time.RFC3339)})
	if why := refuse(before); why != "" {
		return why, nil
	}
	_, err := m.AppendFirst(ctx, d)
	return "", err
}

func (m *memory) Read(_ context.Context, f ledger.Filter) ([]ledger.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.reads != nil {
		if err := m.reads(); err != nil {
			return nil, err
		}
	}
	var found []ledger.Entry
	for _, e := range m.entries {
		if e.Kind == f.Kind && e.Subject == f.Subject && e.At >= f.Since {
			found = append(found, e)
		}
	}
	return found, nil
}

func (m *memory) Verify(context.Context) (ledger.Report, error) { return ledger.Report{}, nil }

func (m *memory) kinds() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var kinds []string
	for _, e := range m.entries {
		if e.Kind != activities.NotificationKind { // which come when they come
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// incident is the id of the one incident that was opened.
func (m *memory) incident(t *testing.T) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := slices.IndexFunc(m.entries, func(e ledger.Entry) bool { return e.Kind == "incident.opened" })
	require.GreaterOrEqual(t, at, 0)
	var opened runbook.IncidentOpened
	require.NoError(t, json.Unmarshal([]byte(m.entries[at].Data), &opened))
	return opened.Incident
}

// installed are the definitions of the test.
type installed []runbook.Definition

func (d installed) Runbook(name string) (runbook.Definition, bool) {
	i := slices.IndexFunc(d, func(d runbook.Definition) bool { return d.Name == name })
	if i < 0 {
		return runbook.Definition{}, false
	}
	return d[i], true
}

func (installed) ReadRunbook(string, []byte) (runbook.Definition, error) {
	return runbook.Definition{}, errors.New("not in this test")
}
func (installed) NearestRunbook(string) string { return "" }

func (installed) RunbookFault(string) string { return "" }

// names are what the expressions of these tests may use.
var names = condition.Types{
	"inputs.model": condition.String, "probes.gpu.free": condition.Double, "steps.open.outcome": condition.String, "result.healthy": condition.Bool,
}

func cel(t *testing.T, text string, want condition.Type) condition.Expression {
	t.Helper()
	e, err := condition.Compile(text, names, want)
	require.NoError(t, err)
	return e
}

// restart is a runbook with a breaker to open, a gate and a command that restarts a model server.
func restart(t *testing.T) runbook.Definition {
	model := runbook.Filled{Name: "model", Value: runbook.Value{Expression: cel(t, "inputs.model", condition.String)}}
	state := func(s string) runbook.Filled {
		return runbook.Filled{Name: "state", Value: runbook.Value{Constant: s}}
	}
	return runbook.Definition{
		Name: "restart_model", Owner: "llm", Severity: "Sev2", SHA256: strings.Repeat("ab", 32),
		Concurrency: runbook.Concurrency{Key: cel(t, "inputs.model", condition.String), Policy: runbook.Reject},
		Triggers:    runbook.Triggers{Dedup: cel(t, "inputs.model", condition.String), CooldownSeconds: 600, Breaker: runbook.Breaker{MaxRuns: 3, WindowSeconds: 6 * 3600}},
		Inputs:      []input.Field{{Name: "model", Type: condition.String}},
		Steps: []runbook.Step{
			{ID: "confirm", Kind: runbook.Check, Uses: "product.model_health", With: []runbook.Filled{model}, Require: cel(t, "!result.healthy", condition.Bool), Times: 1, OnFalse: runbook.End, TimeoutSeconds: 60},
			{
				ID: "open", Kind: runbook.Action, Uses: "product.breaker", With: []runbook.Filled{model, state("open")}, Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 30,
				Undo: &runbook.Undo{Uses: "product.breaker", With: []runbook.Filled{model, state("closed")}},
			},
			{
				ID: "ask", Kind: runbook.GateStep, Groups: []string{"oncall"}, TimeoutSeconds: 900, Message: "restart it?",
				Gate: &runbook.Gate{Approves: []string{"restart"}, Min: 1, OnTimeout: runbook.Reject},
			},
			{ID: "restart", Kind: runbook.Action, Uses: "command.run", With: []runbook.Filled{{Name: "command", Value: runbook.Value{Constant: "restart-qwen"}}}, Risk: runbook.Destructive, TimeoutSeconds: 120, OnUnknown: runbook.Ask},
			{ID: "close", Kind: runbook.Action, Uses: "product.breaker", With: []runbook.Filled{model, state("closed")}, Risk: runbook.Write, Idempotent: true, TimeoutSeconds: 30},
		},
	}
}

// reloading is the part of the operations that a definition is read with: the host has the command.
type reloading struct{ activities.Operations }

func (reloading) CommandLines(runbook.Program) map[string]runbook.CommandLine {
	return map[string]runbook.CommandLine{"restart-qwen": {Argv: []string{"/usr/local/bin/restart", "qwen"}}}
}

// runbookSite is one run with a worker whose operations do nothing but count.
type runbookSite struct {
	*testsuite.TestWorkflowEnvironment
	t      *testing.T
	ledger *memory
	acts   []string
	// act says how an operation ends; the first one that is not nil counts.
	act func(runbook.ActCall) (runbook.ActResult, error)
	// takes is how long an operation takes; nil is no time.
	takes func() time.Duration
	// reads says why the ledger cannot be read; nil is that it can.
	reads  func() error
	people *activities.People
	// key is that of the host, which says who starts the run.
	key identity.HostKey
	// id is that of the run.
	id string
	// whispers are what people were told alone.
	whispers []activities.Whispered
	// healthy is what the check sees.
	healthy bool
}

var start = time.Date(2026, 1, 5, 3, 0, 0, 0, time.UTC)

func newRunbookSite(t *testing.T, d runbook.Definition, with ...func(*activities.Runbooks)) *runbookSite {
	var suite testsuite.WorkflowTestSuite
	s := &runbookSite{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, ledger: &memory{}, id: "default-test-workflow-id"}
	s.SetStartTime(start)
	s.SetTestTimeout(time.Minute)
	s.RegisterWorkflow(workflows.RunRunbook)
	s.RegisterWorkflow(workflows.ScaleService)
	s.RegisterWorkflow(workflows.RestartService)
	s.RegisterWorkflow(workflows.Tell)
	s.RegisterActivity(&activities.Visibility{})
	s.RegisterActivity(&activities.Messages{Messenger: activities.LedgerMessenger{Ledger: s.ledger}})
	s.people = &activities.People{}
	runbooks := &activities.Runbooks{People: s.people, Definitions: installed{d}, Ledger: s.ledger, Operations: reloading{}, Projects: map[string][]string{"gpu1": {"shop"}}}
	for _, w := range with {
		w(runbooks)
	}
	s.RegisterActivity(runbooks)
	s.RegisterActivityWithOptions(runbooks.PastActs, activity.RegisterOptions{Name: activities.ActedSinceLater})
	records := &activities.Records{Ledger: s.ledger, Asked: func(context.Context) time.Time { return s.Now() }}
	s.RegisterActivity(records)
	for _, name := range append([]string{activities.Evaluate, activities.KeepLater}, activities.KeptKinds...) {
		s.RegisterActivityWithOptions(records.Keep, activity.RegisterOptions{Name: name})
	}
	var err error
	s.key, err = identity.OpenHostKey(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	signer, err := identity.HostSigner("gpu1", s.key.Public())
	require.NoError(t, err)
	*s.people = activities.People{
		Ledger: s.ledger, Host: "gpu1", Asked: func(context.Context) time.Time { return s.Now() },
		Cluster: "here", Signers: func() (identity.Signers, error) { return nil, nil }, Hosts: identity.Signers{signer}, Groups: map[string][]string{"oncall": {"anna@gpu1", "bob@gpu1"}}, Approvals: config.Approvals{Operators: []string{"oncall"}},
	}
	s.RegisterActivityWithOptions(func(_ context.Context, w activities.Whispered) error {
		s.whispers = append(s.whispers, w)
		return nil
	}, activity.RegisterOptions{Name: activities.Whisper})
	s.RegisterActivityWithOptions(s.people.WhoIs, activity.RegisterOptions{Name: activities.WhoIs})
	s.RegisterActivityWithOptions(s.people.UseStart, activity.RegisterOptions{Name: activities.UseStart})
	takes := func() time.Duration {
		if s.takes == nil {
			return 0
		}
		return s.takes()
	}
	act := func(_ context.Context, call runbook.ActCall) (runbook.ActResult, error) {
		what := call.Path
		if call.Undo {
			what = "undo " + what
		}
		s.acts = append(s.acts, what)
		if s.act != nil {
			if r, err := s.act(call); r.Outcome != "" || err != nil {
				return r, err
			}
		}
		return runbook.ActResult{Outcome: runbook.OK}, nil
	}
	s.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: activities.ActOperation})
	s.RegisterActivityWithOptions(func(context.Context, runbook.WatchCall) (runbook.WatchResult, error) {
		return runbook.WatchResult{Held: !s.healthy, Outputs: condition.Values{"healthy": s.healthy}, Looks: 1}, nil
	}, activity.RegisterOptions{Name: activities.WatchCondition})
	s.ledger.reads = func() error {
		if s.reads == nil {
			return nil
		}
		return s.reads()
	}
	var docker *activities.Docker
	s.RegisterActivity(docker)
	s.OnActivity(activities.ActOperation, mock.Anything, mock.Anything).AfterFn(takes).Return(act)
	s.OnActivity(runbooks.PlanRunbook, mock.Anything, mock.Anything).Return(func(context.Context, activities.RunbookCall) (activities.RunbookPlan, error) {
		return activities.RunbookPlan{Plan: runbook.Plan{Runbook: d.Name, Definition: d.SHA256, SHA256: strings.Repeat("cd", 32)}}, nil
	})
	s.OnActivity(docker.PlanScale, mock.Anything, mock.Anything).Return(func(_ context.Context, req activities.PlanRequest) (scaling.Plan, error) {
		n := req.Targets[0].Replicas // it is as it was
		return scaling.Plan{Changes: []scaling.Change{{Service: req.Targets[0].Service, From: n, To: n}}}, nil
	})
	return s
}

func (s *runbookSite) run(change ...func(*workflows.RunbookRequest)) (workflows.RunbookResult, error) {
	req := workflows.RunbookRequest{Name: "restart_model", Inputs: condition.Values{"model": "qwen_32b"}, Host: "gpu1", By: "anna@gpu1"}
	for _, c := range change {
		c(&req)
	}
	if req.Evidence == nil {
		req.Said = s.signs(identity.StartNamespace, func(said identity.Said) identity.Statement {
			req.Said = said
			return req.Statement(s.id)
		})
	}
	s.ExecuteWorkflow(workflows.RunRunbook, req)
	require.True(s.t, s.IsWorkflowCompleted())
	var result workflows.RunbookResult
	err := s.GetWorkflowError()
	if err == nil {
		require.NoError(s.t, s.GetWorkflowResult(&result))
		return result, nil
	}
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		require.NoError(s.t, app.Details(&result))
	}
	if canceled, ok := errors.AsType[*temporal.CanceledError](err); ok {
		require.NoError(s.t, canceled.Details(&result))
	}
	return result, err
}

// signs is what the host adds to a word.
func (s *runbookSite) signs(namespace string, statement func(identity.Said) identity.Statement) identity.Said {
	s.t.Helper()
	said := identity.Said{At: s.Now().UTC().Truncate(time.Second), Nonce: rand.Text()}
	of := statement(said)
	of.Cluster = "here"
	text, err := of.Text()
	require.NoError(s.t, err)
	signature, err := s.key.Sign(namespace, text)
	require.NoError(s.t, err)
	said.Evidence = &identity.Evidence{Kind: identity.Host, By: "gpu1", Signature: signature}
	return said
}

// status asks the run how far it is.
func (s *runbookSite) status() workflows.RunbookStatus {
	value, err := s.QueryWorkflow(workflows.StatusRunbook)
	require.NoError(s.t, err)
	var status workflows.RunbookStatus
	require.NoError(s.t, value.Get(&status))
	return status
}

// word is what came of a person's update.
type word struct {
	reply    request.Reply
	rejected error
	// failed is the error of one that was taken; mayFail says that there may be one.
	failed  error
	mayFail bool
	// sent says that it was spoken, settled that it was answered or refused; then is told of that.
	sent, settled bool
	then          func()
}

// hears sends an update after a time and keeps how it was answered.
func (s *runbookSite) hears(after time.Duration, update string, args func() any) *word {
	w := &word{}
	s.RegisterDelayedCallback(func() {
		w.sent = true
		s.UpdateWorkflow(update, "", &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { w.rejected, w.settled = err, true },
			OnComplete: func(value any, err error) {
				if w.failed = err; !w.mayFail {
					require.NoError(s.t, err)
				}
				w.reply, _ = value.(request.Reply)
				w.settled = true
				if w.then != nil {
					w.then()
				}
			},
		}, args())
	}, after)
	return w
}

// answers is a person's word on whatever is asked then.
func (s *runbookSite) answers(by string, approve bool) func() any {
	return func() any {
		open := s.status().Request
		require.NotNil(s.t, open)
		a := request.Answer{Request: open.ID, Shown: open.Shown, By: by, Via: activities.ViaCLI, Decision: request.Reject, Reason: "because"}
		if approve {
			a.Decision = request.Approve
		}
		return a
	}
}

func (s *runbookSite) orders(verb, by string) func() any {
	return func() any {
		return workflows.RunbookOrder{Verb: verb, Run: "default-test-run-id", By: by, Via: activities.ViaCLI, Reason: "because"}
	}
}
