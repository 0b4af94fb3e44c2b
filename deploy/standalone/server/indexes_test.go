package server

import (
	"database/sql"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/server/schema/sqlite"
)

func indexesOfRuns(t *testing.T, path string) []string {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query(`SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'executions_visibility' AND name NOT LIKE 'sqlite_%' ORDER BY name`)
	require.NoError(t, err)
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

func TestOnlyIndexesThatAreUsedAreMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "temporal.db")
	for range 2 { // the second time it is there already
		_, err := openDatabase(path, client.DefaultNamespace)
		require.NoError(t, err)
		require.Equal(t, slices.Sorted(maps.Keys(kept)), indexesOfRuns(t, path))
	}
}

// A file of an earlier version of evenkeel has all indexes of the server's schema, and its runs stay.
func TestAnOlderFileLosesItsOtherIndexes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "temporal.db")
	d := database{path}
	change(t, path, "PRAGMA user_version = 0") // makes the file
	db, err := d.open()
	require.NoError(t, err)
	require.NoError(t, d.create(db))
	require.NoError(t, db.Close())
	ns, err := sqlite.NewNamespaceConfig(clusterName, client.DefaultNamespace, false, searchAttributes())
	require.NoError(t, err)
	require.NoError(t, sqlite.CreateNamespaces(d.config(), ns))
	before := indexesOfRuns(t, path)
	require.Greater(t, len(before), 50)
	for name := range kept {
		require.Contains(t, before, name)
	}
	change(t, path, `INSERT INTO executions_visibility (namespace_id, run_id, start_time, execution_time, workflow_id, workflow_type_name, status, encoding)
		VALUES ('n', 'r', '2026-01-01', '2026-01-01', 'w', 't', 1, '')`)

	_, err = openDatabase(path, client.DefaultNamespace)
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(kept)), indexesOfRuns(t, path))
	db, err = d.open()
	require.NoError(t, err)
	defer db.Close()
	var runs int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM executions_visibility INDEXED BY by_workflow_id WHERE namespace_id = 'n' AND workflow_id = 'w'").Scan(&runs))
	require.Equal(t, 1, runs)
	_, c := start(t, dir) // whose attributes may lie in other columns
	missing, err := missingSearchAttributes(deadline(t), c, client.DefaultNamespace)
	require.NoError(t, err)
	require.Empty(t, missing)
}

// Whatever the Web UI can filter by is answered without its index: each search attribute of the server and
// each of ours finds the run that has the value.
func TestRunsAreFoundByEverySearchAttribute(t *testing.T) {
	ctx := deadline(t)
	_, c := start(t, t.TempDir())
	defer work(t, c).Stop()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "found", TaskQueue: queue, TypedSearchAttributes: temporal.NewSearchAttributes(
			temporal.NewSearchAttributeKeyKeyword("EvenkeelHost").ValueSet("gpu-1"), temporal.NewSearchAttributeKeyKeyword("EvenkeelService").ValueSet("api"),
			temporal.NewSearchAttributeKeyKeyword("EvenkeelSeverity").ValueSet("Sev2"), temporal.NewSearchAttributeKeyKeyword("EvenkeelState").ValueSet("waiting")),
	}, greet, "ada")
	require.NoError(t, err)
	require.NoError(t, run.Get(ctx, nil))
	all, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: client.DefaultNamespace})
	require.NoError(t, err)
	hour := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	// The values that the run has. All others are those of what it is not: a schedule, a batch, a child.
	found := map[string]string{
		"WorkflowId": "= 'found'", "RunId": "= '" + run.GetRunID() + "'", "WorkflowType": "= 'greet'", "ExecutionStatus": "= 'Completed'",
		"TaskQueue": "= '" + queue + "'", "StartTime": "< '" + hour + "'", "ExecutionTime": "< '" + hour + "'", "CloseTime": "< '" + hour + "'",
		"ExecutionDuration": "< '1h'", "HistoryLength": "> 0", "HistorySizeBytes": "> 0", "StateTransitionCount": "> 0",
		"RootWorkflowId": "= 'found'", "RootRunId": "= '" + run.GetRunID() + "'",
		"EvenkeelHost": "= 'gpu-1'", "EvenkeelService": "STARTS_WITH 'a'", "EvenkeelSeverity": "IN ('Sev1', 'Sev2')", "EvenkeelState": "= 'waiting'",
	}
	kinds := maps.Clone(all.GetSystemAttributes())
	maps.Copy(kinds, all.GetCustomAttributes())
	for name := range found {
		require.Contains(t, kinds, name)
	}
	list := func(query string) (int, error) {
		answer, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		return len(answer.GetExecutions()), err
	}
	require.Eventually(t, func() bool {
		n, err := list("ExecutionStatus = 'Completed'")
		return err == nil && n == 1
	}, waitFor, tick)
	delete(kinds, "BatcherNamespace") // which has no column in the server's schema for SQLite
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			if condition, ok := found[name]; ok {
				n, err := list(name + " " + condition)
				require.NoError(t, err)
				require.Equal(t, 1, n, condition)
				return
			}
			_, err := list(name + " = " + valueOf(kind))
			require.NoError(t, err)
		})
	}
	// What the pages of the Web UI ask by themselves.
	for _, query := range []string{
		"`ParentWorkflowId` is null", `ParentWorkflowId = "found" AND ParentRunId = "1"`, `RootWorkflowId = "found"`, "`TemporalScheduledById` is not null",
		`TemporalNamespaceDivision="TemporalScheduler" AND ExecutionStatus="Running"`, "`TemporalReportedProblems` is not null",
		// What the README advises.
		`EvenkeelHost="gpu-1" AND ExecutionStatus="Running"`, `EvenkeelSeverity IN ("Sev1","Sev2")`,
		`WorkflowType="RunRunbook" AND ExecutionStatus!="Running"`, `WorkflowId STARTS_WITH "runbook/gpu-1/shop/"`,
	} {
		_, err := list(query)
		require.NoError(t, err, query)
	}
}

func valueOf(kind enums.IndexedValueType) string {
	switch kind {
	case enums.INDEXED_VALUE_TYPE_BOOL:
		return "true"
	case enums.INDEXED_VALUE_TYPE_INT, enums.INDEXED_VALUE_TYPE_DOUBLE:
		return "1"
	case enums.INDEXED_VALUE_TYPE_DATETIME:
		return "'2026-01-01T00:00:00Z'"
	default:
		return "'x'"
	}
}
