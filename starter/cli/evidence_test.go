package cli

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/namespace/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
)

// namespaced is a server that knows the id of its namespace.
type namespaced struct{ asker }

func (namespaced) WorkflowService() workflowservice.WorkflowServiceClient { return namespaces{} }

type namespaces struct {
	workflowservice.WorkflowServiceClient
}

func (namespaces) DescribeNamespace(context.Context, *workflowservice.DescribeNamespaceRequest, ...grpc.CallOption) (*workflowservice.DescribeNamespaceResponse, error) {
	return &workflowservice.DescribeNamespaceResponse{NamespaceInfo: &namespace.NamespaceInfo{Id: "here"}}, nil
}

var wiping = request.Request{
	ID: "runbook/gpu1/shop/llm:approve.1@0123abcd", Kind: request.Approval, Host: "gpu1", RunID: "r", Allows: []request.Effect{{Step: "wipe", Attempt: 1, Uses: "command.run"}}, LimitSeconds: 60,
}

// vouching is a worker that vouches, as the given answer.
func vouching(t *testing.T, answer func(identity.VouchRequest) (identity.Vouched, string)) {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "vouch") //nolint:usetesting // the path of a socket is short
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("EVENKEEL_STATE", dir)
	listener, err := net.Listen("unix", filepath.Join(dir, "evenkeel.sock"))
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var req identity.VouchRequest
		if r.URL.Path == identity.WhoPath {
			_ = json.NewEncoder(w).Encode(identity.Caller{Who: "root@gpu1", Login: "anna@gpu1"})
			return
		}
		if json.NewDecoder(r.Body).Decode(&req) != nil || r.URL.Path != identity.VouchPath {
			http.Error(w, "what?", http.StatusBadRequest)
			return
		}
		said, refused := answer(req)
		if refused != "" {
			http.Error(w, refused, http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(said)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
}

func proves(t *testing.T, with signing) (request.Answer, string, int, string) {
	t.Helper()
	return provesAt(t, with, nil)
}

// provesAt is proves by somebody who types.
func provesAt(t *testing.T, with signing, in io.Reader) (request.Answer, string, int, string) {
	t.Helper()
	answer := request.Answer{Request: wiping.ID, Decision: request.Approve}
	code, out, errs := says(t, "text", func(s *starter) (err error) {
		s.signing, s.In = with, in
		answer.By, answer.Said, err = s.prove(t.Context(), &connect.Connection{Client: namespaced{}}, word{identity.AnswerNamespace, by(), func(who string, said identity.Said) identity.Statement {
			answer.By, answer.Said = who, said
			return wiping.Statement(answer)
		}, true})
		return err
	})
	return answer, out, code, errs
}

func TestProveByTheHost(t *testing.T) {
	var told identity.VouchRequest
	vouching(t, func(r identity.VouchRequest) (identity.Vouched, string) {
		told = r
		r.Statement.Who, r.Statement.Login = "root@gpu1", "anna@gpu1"
		return identity.Vouched{Statement: r.Statement, Signature: "signed"}, ""
	})
	answer, _, code, errs := proves(t, signing{})
	require.Equal(t, exitDone, code, errs)
	require.Equal(t, identity.AnswerNamespace, told.Namespace)
	require.Equal(t, "here", told.Statement.Cluster)
	require.Equal(t, &identity.Evidence{Kind: identity.Host, By: "gpu1", Signature: "signed"}, answer.Evidence)
	require.Equal(t, []string{"root@gpu1", "anna@gpu1"}, []string{answer.By, answer.Login})
	require.NotEmpty(t, answer.Nonce)

	vouching(t, func(identity.VouchRequest) (identity.Vouched, string) {
		return identity.Vouched{}, "the kernel does not say who calls"
	})
	_, _, code, errs = proves(t, signing{})
	require.Equal(t, exitFailed, code)
	require.Equal(t, "starter: the worker of this host: it does not vouch for you: the kernel does not say who calls; see starter doctor\n", errs)
}

func TestProveByNobody(t *testing.T) {
	t.Setenv("EVENKEEL_STATE", t.TempDir())
	answer, _, code, _ := proves(t, signing{})
	require.Equal(t, exitDone, code)
	require.Equal(t, request.Answer{Request: wiping.ID, Decision: request.Approve, By: by()}, answer, "it stays a claim")
	for _, by := range []signing{{key: "k"}, {as: "anna"}} {
		_, _, code, errs := proves(t, by)
		require.Equal(t, exitUsage, code)
		require.Equal(t, "starter: --sign-key: a key and whose it is belong together; give --sign-key FILE and --as PRINCIPAL, as identity.allowed_signers has it\n", errs)
	}
}

func TestProveByAKey(t *testing.T) {
	t.Setenv("EVENKEEL_STATE", t.TempDir())
	key := filepath.Join(t.TempDir(), "key")
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput()
	require.NoError(t, err, string(out))
	answer, _, code, errs := proves(t, signing{key: key, as: "anna@example.com", yes: true})
	require.Equal(t, exitDone, code, errs)
	require.True(t, strings.HasPrefix(errs, "evenkeel statement 1\ncluster: here\ndo: approve\nwho: anna@example.com\n"), errs)
	public, err := os.ReadFile(key + ".pub")
	require.NoError(t, err)
	signers, err := identity.ParseSigners("allowed", "anna@example.com "+string(public))
	require.NoError(t, err)
	statement := wiping.Statement(answer)
	statement.Cluster = "here"
	_, err = identity.Trust{Signers: signers}.Prove(identity.AnswerNamespace, statement, *answer.Evidence, answer.At)
	require.NoError(t, err)
	_, _, code, errs = proves(t, signing{key: key + ".none", as: "anna@example.com", yes: true})
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "starter: --sign-key: ")
	require.Contains(t, errs, "key.none")
	_, _, code, errs = proves(t, signing{key: "/dev/zero", as: "anna@example.com", yes: true})
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "/dev/zero")
}

// Nothing is signed that nobody has seen and agreed to.
func TestProveAsksFirst(t *testing.T) {
	t.Setenv("EVENKEEL_STATE", t.TempDir())
	_, _, code, errs := proves(t, signing{key: "nowhere", as: "anna@example.com"})
	require.Equal(t, exitUsage, code)
	require.True(t, strings.HasPrefix(errs, "evenkeel statement 1\n"), errs)
	require.Contains(t, errs, "starter: --sign-key: nobody is here to say that this is to be signed; give --yes in a script\n")
}
