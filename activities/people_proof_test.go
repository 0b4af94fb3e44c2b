package activities

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
)

// A word counts as its signer's, and not as that of whom it names.
func TestWhoIsProven(t *testing.T) {
	dir := t.TempDir()
	key, err := identity.OpenHostKey(filepath.Join(dir, "host.key"))
	require.NoError(t, err)
	stranger, err := identity.OpenHostKey(filepath.Join(dir, "stranger.key"))
	require.NoError(t, err)
	signer, err := identity.HostSigner("gpu-1", key.Public())
	require.NoError(t, err)
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	people := &People{
		Cluster: "here", Host: "gpu-1", Signers: func() (identity.Signers, error) { return nil, nil }, Hosts: identity.Signers{signer},
		Persons: identity.People{"anna": {Host: []string{"anna@gpu-1", "ops@gpu-2"}}}, Groups: map[string][]string{"oncall": {"anna"}},
		Approvals: config.Approvals{AuthenticatedFrom: "destructive"},
	}
	say := func(change func(*identity.Word)) Person {
		w := identity.Word{Namespace: identity.AnswerNamespace, Evidence: identity.Evidence{Kind: identity.Host, By: "gpu-1"}}
		w.Statement = identity.Statement{Cluster: "here", Do: "approve", Who: "anna@gpu-1", Run: "r", At: now.Add(-9 * time.Minute)}
		text, err := w.Statement.Text()
		require.NoError(t, err)
		w.Evidence.Signature, err = key.Sign(w.Namespace, text)
		require.NoError(t, err)
		w.Statement.Cluster = "" // which the worker knows itself
		change(&w)
		return Person{Name: w.Statement.Who, Via: ViaCLI, Others: []string{"ops@gpu-2", "ben@gpu-1"}, Word: &w}
	}
	whoIs := func(at time.Time, who Person) (Standing, error) { return people.whoIs(t.Context(), who, at) }
	got, err := whoIs(now, say(func(*identity.Word) {}))
	require.NoError(t, err)
	require.Equal(t, "anna", got.Proof.Person)
	require.Equal(t, []string{"oncall"}, got.Groups)
	require.Equal(t, []string{"ops@gpu-2"}, got.Same)
	require.Contains(t, got.Statement, "cluster: here\ndo: approve\nwho: anna@gpu-1\n")
	r := request.Request{Kind: request.Approval, Groups: []string{"oncall"}, Risk: request.Destructive}
	require.Empty(t, r.MayNot("anna@gpu-1", got.Standing, request.Approve))
	claim, err := whoIs(now, Person{Name: "anna@gpu-1", Via: ViaCLI})
	require.NoError(t, err)
	require.Contains(t, r.MayNot("anna@gpu-1", claim.Standing, request.Approve), "has to prove who gives it")

	for name, c := range map[string]struct {
		change func(*identity.Word)
		want   string
		at     time.Time
	}{
		"somebody else":     {func(w *identity.Word) { w.Statement.Who = "ben@gpu-1" }, "the evidence does not hold: it is not over this text", now},
		"another decision":  {func(w *identity.Word) { w.Statement.Do = "reject" }, "it is not over this text", now},
		"another run":       {func(w *identity.Word) { w.Statement.Run = "r2" }, "it is not over this text", now},
		"another namespace": {func(w *identity.Word) { w.Namespace = identity.StartNamespace }, "namespace does not match", now},
		"11 minutes off":    {func(*identity.Word) {}, "it was said at 2026-11-27T11:51:00Z, and on gpu-1 it is 2026-11-27T12:02:00Z", now.Add(2 * time.Minute)},
		"11 minutes early":  {func(*identity.Word) {}, "set the clocks right, or say it again", now.Add(-20 * time.Minute)},
		"a stranger's key": {func(w *identity.Word) {
			text, err := w.Statement.Text()
			require.NoError(t, err)
			w.Evidence.Signature, err = stranger.Sign(w.Namespace, text)
			require.NoError(t, err)
		}, "no key of host:gpu-1 made it", now},
	} {
		_, err := whoIs(c.at, say(c.change))
		require.Equal(t, PermissionDenied, ClassOf(err), name)
		require.ErrorContains(t, err, c.want, name)
	}

	people.Cluster = "there"
	_, err = whoIs(now, say(func(*identity.Word) {}))
	require.ErrorContains(t, err, "it is not over this text", "a word for one server says nothing at its twin")
	people.Cluster = "here"
	people.Hosts = nil
	claim, err = whoIs(now, say(func(*identity.Word) {}))
	require.NoError(t, err)
	require.Nil(t, claim.Proof, "what a host says whose key nobody listed is a claim")
	people.Hosts = identity.Signers{signer}
	people.Signers = func() (identity.Signers, error) { return nil, errors.New("allowed:1: the principal is empty") }
	_, err = whoIs(now, say(func(*identity.Word) {}))
	require.NoError(t, err, "the kernel needs no keys of people")
	_, err = whoIs(now, say(func(w *identity.Word) { w.Evidence.Kind = identity.SSH }))
	require.Equal(t, Unavailable, ClassOf(err))
	people.Signers = func() (identity.Signers, error) { return nil, nil }
	posed := say(func(*identity.Word) {})
	posed.Name = "ben@gpu-1"
	_, err = whoIs(now, posed)
	require.ErrorContains(t, err, "anna@gpu-1 said it, and not ben@gpu-1")
}
