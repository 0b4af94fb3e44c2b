package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/evenkeel/evenkeel/internal/alert"
	"github.com/evenkeel/evenkeel/internal/condition"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/workflows"
)

// answering is a Temporal that answers a start.
type answering struct {
	err     error
	options client.StartWorkflowOptions
	request workflows.RunbookRequest
	// signalled are the runs that were told something, and what.
	signalled []string
}

func (a *answering) ExecuteWorkflow(ctx context.Context, options client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return nil, errors.New("no deadline")
	}
	a.options, a.request = options, args[0].(workflows.RunbookRequest)
	return nil, a.err
}

func (a *answering) SignalWorkflow(_ context.Context, run, _, name string, arg any) error {
	a.signalled = append(a.signalled, fmt.Sprint(run, " ", name, " ", arg))
	return a.err
}

// A run at work is told that its alert is resolved, and one that is not needs to know nothing.
func TestEnds(t *testing.T) {
	temporal := &answering{}
	s := starts{temporal: temporal}
	ended := alert.Ended{Run: "runbook/gpu-2/shop/x/a", Alert: "A", At: time.Date(2026, 11, 27, 12, 0, 0, 5, time.UTC)}
	require.NoError(t, s.End(t.Context(), ended))
	require.Equal(t, []string{"runbook/gpu-2/shop/x/a resolved {A 2026-11-27 12:00:00 +0000 UTC}"}, temporal.signalled)
	temporal.err = serviceerror.NewNotFound("no run")
	require.NoError(t, s.End(t.Context(), ended))
	temporal.err = serviceerror.NewUnavailable("away")
	require.Error(t, s.End(t.Context(), ended))
}

// A start from outside is a start as any, with evidence by the host that let it in; a run at work is joined.
func TestStarts(t *testing.T) {
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "host.key"))
	require.NoError(t, err)
	signer, err := identity.HostSigner("gpu-1", key.Public())
	require.NoError(t, err)
	trust := identity.Trust{Hosts: identity.Signers{signer}, Ingress: []string{"gpu-1"}}
	temporal := &answering{}
	s := starts{temporal: temporal, proven: &proof{cluster: "here", key: key}, host: "gpu-1"}
	at := time.Date(2026, 11, 27, 12, 0, 0, 5, time.UTC)
	of := alert.Start{
		ID: "runbook/gpu-2/shop/x/a", Runbook: "x", Host: "gpu-2", Project: "shop", Inputs: condition.Values{"model": "a", "n": int64(2)}, Filled: condition.Values{"model": "a", "n": int64(2), "f": 0.5},
		Key: "a", Policy: "reject", By: "alertmanager", Kind: identity.Alertmanager, Why: "the alert A fires", Delivery: "abc", At: at,
	}
	prove := func() identity.Proof {
		t.Helper()
		r := temporal.request
		require.Empty(t, request.WordFault(r.By, r.Why, r.Said))
		statement := r.Statement(temporal.options.ID)
		statement.Cluster = "here"
		p, err := trust.ProveFor(r.By, identity.StartNamespace, statement, *r.Evidence, at)
		require.NoError(t, err)
		return p
	}
	joined, err := s.Start(t.Context(), of)
	require.NoError(t, err)
	require.False(t, joined)
	require.Equal(t, of.ID, temporal.options.ID)
	require.Equal(t, "x a on gpu-2/shop by alertmanager", temporal.options.StaticSummary)
	require.Equal(t, condition.Values{"model": "a", "n": int64(2)}, temporal.request.Inputs, "the host has its own defaults")
	require.Equal(t, identity.Alertmanager, prove().Kind)
	nonce := temporal.request.Nonce
	_, err = s.Start(t.Context(), of)
	require.NoError(t, err)
	require.NotEqual(t, nonce, temporal.request.Nonce)

	of.By, of.Kind = "hook:ci", identity.Hook
	_, err = s.Start(t.Context(), of)
	require.NoError(t, err)
	require.Equal(t, identity.Hook, prove().Kind)
	first, err := temporal.request.Statement(of.ID).Text()
	require.NoError(t, err)
	_, err = s.Start(t.Context(), of)
	require.NoError(t, err)
	again, err := temporal.request.Statement(of.ID).Text()
	require.NoError(t, err)
	require.Equal(t, first, again, "the same delivery says the same, which counts once, also after a restart")

	temporal.err = serviceerror.NewWorkflowExecutionAlreadyStarted("at work", "1", "2")
	joined, err = s.Start(t.Context(), of)
	require.NoError(t, err)
	require.True(t, joined)

	temporal.err = serviceerror.NewUnavailable("away")
	_, err = s.Start(t.Context(), of)
	require.Error(t, err)
	of.Key = "b"
	_, err = s.Start(t.Context(), of)
	require.EqualError(t, err, "the run would be runbook/gpu-2/shop/x/b, and not runbook/gpu-2/shop/x/a")
}
