package activities

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// What comes from outside may start a run where only some people may, and does nothing else that people do.
func TestWhatWasLetInMayStart(t *testing.T) {
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "host.key"))
	require.NoError(t, err)
	signer, err := identity.HostSigner("gpu-1", key.Public())
	require.NoError(t, err)
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	people := &People{
		Cluster: "here", Host: "gpu-2", Signers: func() (identity.Signers, error) { return nil, nil }, Hosts: identity.Signers{signer}, Ingress: []string{"gpu-1"},
		Groups:    map[string][]string{"all": {"*@*"}, "oncall": {"anna@gpu-2"}},
		Approvals: config.Approvals{AuthenticatedFrom: "destructive", Starters: []string{"oncall"}, Operators: []string{"all"}},
	}
	starter := func(kind identity.Kind, who, namespace string) Starter {
		w := identity.Word{Namespace: namespace, Evidence: identity.Evidence{Kind: kind, By: "gpu-1"}}
		w.Statement = identity.Statement{Cluster: "here", Do: identity.Start, Who: who, Run: "r", At: now, Nonce: "n"}
		text, err := w.Statement.Text()
		require.NoError(t, err)
		w.Evidence.Signature, err = key.Sign(namespace, text)
		require.NoError(t, err)
		return Starter{Person: Person{Name: who, Via: ViaCLI, Others: []string{"anna@gpu-2", who}, Word: &w}}
	}
	for kind, who := range map[identity.Kind]string{identity.Alertmanager: "alertmanager", identity.Hook: "hook:ci"} {
		start := starter(kind, who, identity.StartNamespace)
		got, err := people.mayStart(t.Context(), start, now)
		require.NoError(t, err, who)
		require.Equal(t, "gpu-1", got.Proof.By)
		require.Empty(t, got.Person)
		require.Empty(t, got.Groups)
		require.Empty(t, got.Same)
		require.False(t, got.Operator)
		r := request.Request{Kind: request.Approval, Groups: []string{"all"}, Risk: request.Read}
		require.NotEmpty(t, r.MayNot(who, got.Standing, request.Approve), "it is in no group, so it approves nothing")

		start.Override = true
		_, err = people.mayStart(t.Context(), start, now)
		require.ErrorContains(t, err, "only an operator may override")

		_, err = people.mayStart(t.Context(), starter(kind, who, identity.AnswerNamespace), now)
		require.ErrorContains(t, err, who+" starts runs, and says nothing else")

		claim := starter(kind, who, identity.StartNamespace)
		claim.Word = nil
		_, err = people.mayStart(t.Context(), claim, now)
		require.Equal(t, PermissionDenied, ClassOf(err), "a name is a claim")

		_, err = people.mayStart(t.Context(), starter(kind, who, identity.StartNamespace), now.Add(identity.MaxApart+time.Second))
		require.Equal(t, PermissionDenied, ClassOf(err), "what waited for too long is a claim")
	}
	people.Ingress = []string{"gpu-2"}
	_, err = people.mayStart(t.Context(), starter(identity.Alertmanager, "alertmanager", identity.StartNamespace), now)
	require.ErrorContains(t, err, "the host gpu-1 is none of ingress.hosts")
	people.Hosts, people.Approvals.Starters = nil, nil
	got, err := people.mayStart(t.Context(), starter(identity.Alertmanager, "alertmanager", identity.StartNamespace), now)
	require.NoError(t, err)
	require.Nil(t, got.Proof, "what a host says whose key nobody listed is a claim")
}
