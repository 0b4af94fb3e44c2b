package server

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/activities/command"
	"github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/activities/operations"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/gpu"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/internal/runbook"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/worker/app"
	"github.com/evenkeel/evenkeel/worker/connect"
	"github.com/evenkeel/evenkeel/workflows"
)

// runSite is a server with a worker for one host, which has one command.
type runSite struct {
	s *Server
	c *connect.Connection
	// ledger is the file of the ledger.
	ledger string
	// key is that of the host, and cluster the id of the namespace.
	key     identity.HostKey
	cluster string
	// stop stops its workers, and start starts others, which stop again stops.
	stop  func()
	start func() (stop func())
}

// siteChange changes who may do what on a site, and which commands it has.
type siteChange func(people *activities.People, commands map[string]config.Command)

func newRunSite(t testing.TB, argv []string, definitions installed, changes ...siteChange) runSite {
	t.Helper()
	return newTellingSite(t, argv, definitions, nil, changes...)
}

// newTellingSite is a site that tells people in a chat; nil is none.
func newTellingSite(t testing.TB, argv []string, definitions installed, chat activities.Chat, changes ...siteChange) runSite {
	t.Helper()
	worker.SetStickyWorkflowCacheSize(app.CachedRuns)
	s, err := Start(t.Context(), Options{StateDir: t.TempDir(), IP: loopback, Namespace: client.DefaultNamespace, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	c, err := client.Dial(client.Options{HostPort: s.HostPort(), Logger: quiet{}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	state := t.TempDir()
	book, err := ledger.Open(t.Context(), ledger.Options{StateDir: state})
	require.NoError(t, err)
	t.Cleanup(func() { book.Close() })
	namespace, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: client.DefaultNamespace})
	require.NoError(t, err)
	cluster := namespace.GetNamespaceInfo().GetId()
	key, err := identity.OpenHostKey(filepath.Join(state, "host.key"))
	require.NoError(t, err)
	signer, err := identity.HostSigner("bench", key.Public())
	require.NoError(t, err)
	people := &activities.People{
		Asked:   activities.Since,
		Cluster: cluster, Signers: func() (identity.Signers, error) { return nil, nil }, Hosts: identity.Signers{signer}, Groups: map[string][]string{"oncall": {"bench@bench"}},
		Approvals: config.Approvals{Operators: []string{"oncall"}}, Host: "bench", Ledger: book, Installed: map[string]runbook.Program{},
	}
	for _, d := range definitions {
		sum, err := d.Sum()
		require.NoError(t, err)
		people.Installed[sum] = runbook.Lay(d)
	}
	commands := map[string]config.Command{"nothing": {Argv: argv, Risk: "write", Idempotent: true, Timeout: strictyaml.Duration(time.Minute)}}
	for _, change := range changes {
		change(people, commands)
	}
	projects := activities.Projects{"bench": {Name: "bench", Compose: noServices{}}}
	ops, err := operations.New(operations.Options{
		Projects: projects, Replicas: &activities.Replicas{Engine: noEngine{}}, GPUs: noGPUs{}, Runner: command.New(""), Ledger: book, People: people, Groups: people.Groups,
		Commands: commands,
	})
	require.NoError(t, err)
	runbooks := &activities.Runbooks{Definitions: definitions, Ledger: book, Operations: ops, People: people, Projects: map[string][]string{"bench": {"bench"}}}
	whispers := &activities.Whispers{Chat: chat}
	var messenger activities.Messenger = activities.LedgerMessenger{Ledger: book}
	if chat != nil {
		runbooks.Channels = func(string) activities.Channels { return activities.Channels{Chat: true} }
		messenger = activities.ChatMessenger{
			Ledger: activities.LedgerMessenger{Ledger: book}, Once: activities.ChatOnce{Chat: chat, Settle: 200 * time.Millisecond},
			Channel: func(string, []string) string { return "C0OPS" },
		}
	}
	guard := []interceptor.WorkerInterceptor{app.Guard()}
	makeShared := func() worker.Worker {
		shared := worker.New(c, workflows.TaskQueue, worker.Options{Interceptors: guard})
		workflows.Register(shared)
		shared.RegisterWorkflow(bare)
		app.SharedActivities{
			Visibility: &activities.Visibility{Known: slices.Sorted(maps.Keys(searchAttributes()))}, Records: &activities.Records{Ledger: book, Asked: activities.Since}, Runbooks: runbooks,
			Messages: &activities.Messages{Messenger: messenger}, Whispers: whispers,
		}.Register(shared)
		return shared
	}
	makeHost := func() worker.Worker {
		host := worker.New(c, workflows.HostQueue("bench"), worker.Options{DisableWorkflowWorker: true, Interceptors: guard})
		app.HostActivities{Operations: ops, Runbooks: runbooks, People: people}.Register(host)
		return host
	}
	start := func() (stop func()) {
		// A worker starts once, so each time others are made.
		shared, host := makeShared(), makeHost()
		require.NoError(t, shared.Start())
		require.NoError(t, host.Start())
		return sync.OnceFunc(func() { host.Stop(); shared.Stop() })
	}
	stop := start()
	t.Cleanup(stop)
	return runSite{s, &connect.Connection{Client: c, Namespace: client.DefaultNamespace}, filepath.Join(state, "ledger.db"), key, cluster, stop, start}
}

// noServices, noEngine and noGPUs are a host that has neither.
type noServices struct{ activities.Compose }

func (noServices) Services(context.Context) ([]scaling.Service, error) { return nil, nil }

type noEngine struct{ activities.Engine }

func (noEngine) Inventory(context.Context, string) (scaling.Inventory, error) {
	return scaling.Inventory{}, nil
}

type noGPUs struct{ activities.GPUs }

func (noGPUs) Snapshot(context.Context) (gpu.Snapshot, error) {
	return gpu.Snapshot{}, activities.Fail(activities.NotFound, fmt.Errorf("no GPU"))
}

// installed are the runbooks of a test, by name.
type installed map[string]runbook.Definition

func (i installed) Runbook(name string) (runbook.Definition, bool) { d, ok := i[name]; return d, ok }

func (installed) ReadRunbook(string, []byte) (runbook.Definition, error) {
	return runbook.Definition{}, fmt.Errorf("no file is read here")
}
func (installed) NearestRunbook(string) string { return "" }

func (installed) RunbookFault(string) string { return "" }

// signed is what the host adds to an answer.
func (s runSite) signed(t testing.TB, r request.Request, a request.Answer) request.Answer {
	t.Helper()
	return s.signedBy(t, s.key, r, a)
}

// signedBy is the same with any key in place of the host's.
func (s runSite) signedBy(t testing.TB, key identity.HostKey, r request.Request, a request.Answer) request.Answer {
	t.Helper()
	a.Said = identity.Said{At: time.Now().UTC().Truncate(time.Second), Nonce: uuid.NewString()}
	a.Evidence = s.evidence(t, key, identity.AnswerNamespace, r.Statement(a))
	return a
}

// evidence is a key's signature over a statement about this site, as the host's worker would give it.
func (s runSite) evidence(t testing.TB, key identity.HostKey, namespace string, statement identity.Statement) *identity.Evidence {
	t.Helper()
	statement.Cluster = s.cluster
	text, err := statement.Text()
	require.NoError(t, err)
	signature, err := key.Sign(namespace, text)
	require.NoError(t, err)
	return &identity.Evidence{Kind: identity.Host, By: "bench", Signature: signature}
}

// entries are the data of all entries of some kinds in the ledger.
func (s runSite) entries(t testing.TB, kinds ...string) (data []string) {
	t.Helper()
	db, err := sql.Open("sqlite", s.ledger)
	require.NoError(t, err)
	defer db.Close()
	for _, kind := range kinds {
		rows, err := db.QueryContext(t.Context(), "SELECT data FROM ledger_entry WHERE kind = ? ORDER BY seq", kind)
		require.NoError(t, err)
		for rows.Next() {
			var text string
			require.NoError(t, rows.Scan(&text))
			data = append(data, text)
		}
		require.NoError(t, rows.Err())
		rows.Close()
	}
	return data
}
