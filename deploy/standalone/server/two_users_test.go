package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/evenkeel/evenkeel/activities"
	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/ingress"
	"github.com/evenkeel/evenkeel/workflows"
)

// account is a user of this machine: by a name, or by a number alone.
type account struct {
	// name is how the host calls it.
	name string
	uid  int
}

// newAccount makes a user where there is useradd, and else takes a number that nobody has.
func newAccount(t *testing.T, name string) account {
	t.Helper()
	number := rand.IntN(20000) + 30000
	name += "-" + strconv.Itoa(number)
	out, err := exec.Command("useradd", "-M", name).CombinedOutput()
	if err != nil {
		t.Logf("no user is made (%v): %s", err, out)
		return account{fmt.Sprintf("uid:%d", number), number}
	}
	t.Cleanup(func() {
		out, err := exec.Command("userdel", name).CombinedOutput()
		require.NoError(t, err, string(out))
	})
	known, err := user.Lookup(name)
	require.NoError(t, err)
	uid, err := strconv.Atoi(known.Uid)
	require.NoError(t, err)
	return account{name, uid}
}

func (a account) at(host string) string { return a.name + "@" + host }

// machine is the host of a site with a socket for its users, and a starter that all of them may run.
type machine struct {
	runSite
	dir   string
	times func() int
}

func newMachine(t *testing.T, members ...string) machine {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "evk") //nolint:usetesting // others may enter it, unlike the folder of a test
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o711))
	file := filepath.Join(t.TempDir(), "times")
	definitions := wiping()
	definitions["wipe"].Steps[0].Gate.NotInitiator = true
	m := machine{dir: dir, times: timesIn(t, file)}
	m.runSite = newRunSite(t, []string{"/bin/sh", "-c", "echo done >> " + file}, definitions, func(people *activities.People, _ map[string]config.Command) {
		people.Groups["oncall"] = members
	})
	program, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(m.path("starter"), program, 0o755))
	require.NoError(t, os.WriteFile(m.path("evenkeel.yaml"), []byte("apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts:\n  bench: {projects: {bench: {directory: .}}}\n"), 0o644))
	m.vouch(t)
	m.announce(t)
	return m
}

func (m machine) path(name string) string { return filepath.Join(m.dir, name) }

// announce makes the host's key known in the ledger, as a worker does at its start.
func (m machine) announce(t *testing.T) {
	t.Helper()
	book, err := ledgerdb.Open(t.Context(), ledgerdb.Options{DSN: "sqlite:" + m.ledger})
	require.NoError(t, err)
	data, err := json.Marshal(ledger.HostKey{Host: "bench", Key: m.key.Public()})
	require.NoError(t, err)
	_, err = book.AppendFirst(t.Context(), ledger.Draft{Key: "host.key/1", At: time.Now().UTC().Format(time.RFC3339), Kind: ledger.HostKeyKind, Subject: "host/bench", Data: string(data)})
	require.NoError(t, err)
	require.NoError(t, book.Close())
}

// vouch serves the socket by which the host says who calls.
func (m machine) vouch(t *testing.T) {
	t.Helper()
	listener, err := ingress.ListenLocal(m.path(config.SocketName))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ingress.Serve(ctx, listener, ingress.Vouch("bench", m.key)) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// starter runs the starter as a user, behind whatever the user puts before it, and returns all that it says.
func (m machine) starter(t *testing.T, as account, before []string, args ...string) (said string, code int) {
	t.Helper()
	id := strconv.Itoa(as.uid)
	line := append([]string{"--reuid", id, "--regid", id, "--clear-groups"}, before...)
	cmd := exec.CommandContext(t.Context(), "setpriv", append(append(line, m.path("starter")), args...)...)
	cmd.Dir = "/"
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), starterVariable + "=1", "TEMPORAL_ADDRESS=" + m.s.HostPort(), "TEMPORAL_CONFIG_FILE=" + os.DevNull,
		"EVENKEEL_STATE=" + m.dir, "EVENKEEL_CONFIG=" + m.path("evenkeel.yaml"), "USER=root", "LOGNAME=root",
	}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		require.NoError(t, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// heard are the answers that a run has taken in, by who gave them, from its history, which every user may read.
func (m machine) heard(t *testing.T, run string) map[string]request.Answer {
	t.Helper()
	all := map[string]request.Answer{}
	for _, e := range m.events(t, run) {
		input := e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput()
		var a request.Answer
		if input.GetName() == workflows.AnswerRequest {
			require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(input.GetArgs(), &a))
			all[a.By] = a
		}
	}
	return all
}

// update is an answer by hand.
func (m machine) update(t *testing.T, a request.Answer) error {
	t.Helper()
	var reply request.Reply
	handle, err := m.c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: wipeRun, UpdateName: workflows.AnswerRequest, WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{a},
	})
	if err == nil {
		err = handle.Get(t.Context(), &reply)
	}
	if err == nil && !reply.Accepted {
		err = fmt.Errorf("not accepted: %s", reply.Message)
	}
	return err
}

// checked holds an approval of the ledger against the key of the host, by ssh-keygen and so by nothing of this product.
func (m machine) checked(t *testing.T, word request.Word) {
	t.Helper()
	signers, signature := filepath.Join(t.TempDir(), "signers"), filepath.Join(t.TempDir(), "signature")
	require.NoError(t, os.WriteFile(signers, []byte("host:bench "+m.key.Public()+"\n"), 0o600))
	require.NoError(t, os.WriteFile(signature, []byte(word.Proof.Signature), 0o600))
	verify := func(text string) error {
		cmd := exec.Command("ssh-keygen", "-Y", "verify", "-f", signers, "-I", "host:bench", "-n", identity.AnswerNamespace, "-s", signature)
		cmd.Stdin = strings.NewReader(text)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		t.Log(out.String())
		return err
	}
	require.NoError(t, verify(word.Statement))
	require.Error(t, verify(word.Statement+" "), "another text")
}

// The kernel says which of the users of a machine speaks. One starts a run and another approves it, and neither can be
// the other.
func TestTwoUsersOfOneMachine(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may be two users")
	}
	for _, program := range []string{"setpriv", "unshare", "hostname", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%v", err)
		}
	}
	anna, ben := newAccount(t, "evk-anna"), newAccount(t, "evk-ben")
	m := newMachine(t, anna.at("bench"), ben.at("bench"))
	first := m.startedBy(t, anna)
	gate := m.asked(t, "agree")

	for name, before := range map[string][]string{
		"as she is":                 nil,
		"as root of a namespace":    {"unshare", "-U", "-r"},
		"on a host of another name": {"unshare", "-U", "-r", "-u", "sh", "-c", `hostname other; exec "$0" "$@"`},
	} {
		t.Run("who started it does not approve it, "+name, func(t *testing.T) {
			if len(before) > 0 {
				if said, code := m.sandboxed(t, anna, before); code != 0 {
					t.Skip("no namespaces for users here: " + said)
				}
			}
			said, code := m.starter(t, anna, before, "gate", "approve", gate.ID)
			require.Equal(t, 1, code, said)
			require.Contains(t, said, anna.at("bench")+" started this run, and somebody else must answer")
			require.Zero(t, m.times())
		})
	}
	t.Run("she is not somebody else by hand", func(t *testing.T) {
		own := m.heard(t, first)[anna.at("bench")]
		require.NotNil(t, own.Evidence)
		posed := own
		posed.By = ben.at("bench")
		require.ErrorContains(t, m.update(t, posed), "the evidence does not hold")
		require.Zero(t, m.times())
	})
	t.Run("another approves it", func(t *testing.T) {
		said, code := m.starter(t, ben, nil, "gate", "approve", gate.ID)
		require.Equal(t, 0, code, said)
		m.asked(t, "look")
		require.Equal(t, 1, m.times())
		approved := m.entries(t, "request.approved")
		require.Len(t, approved, 1)
		var word request.Word
		require.NoError(t, json.Unmarshal([]byte(approved[0]), &word))
		require.NotNil(t, word.Proof)
		require.Equal(t, identity.Host, word.Proof.Kind)
		require.Equal(t, ben.at("bench"), word.Proof.Who)
		require.Contains(t, word.Statement, "\nwho: "+ben.at("bench")+"\n")
		m.checked(t, word)
	})
	genuine := m.heard(t, first)[ben.at("bench")]
	m.over(t)
	next := m.startedBy(t, anna)
	gate = m.asked(t, "agree")
	t.Run("an approval is not one of the next run", func(t *testing.T) {
		require.ErrorContains(t, m.update(t, genuine), "is not open")
		genuine.Request, genuine.Shown = gate.ID, gate.Shown
		require.ErrorContains(t, m.update(t, genuine), "the evidence does not hold")
		require.Equal(t, 1, m.times())
	})
	t.Run("an order is kept with its proof, also one that is denied", func(t *testing.T) {
		said, code := m.starter(t, ben, nil, "runbook", "resume", "wipe")
		require.Equal(t, 1, code, said)
		require.Contains(t, said, "it waits for an answer of oncall")
	})
	t.Run("and the ledger proves who said what", func(t *testing.T) {
		said, code := m.starter(t, anna, nil, "audit", "verify")
		require.Equal(t, 0, code, said)
		words := len(m.entries(t, identity.UsedKind)) + len(m.entries(t, "request.approved")) + len(m.entries(t, "request.denied")) + len(m.entries(t, "operator.denied"))
		require.Greater(t, words, 4)
		require.Contains(t, said, fmt.Sprintf("%d of %d signed words proven\n", words, words))
	})
	t.Run("and a name proves nothing", func(t *testing.T) { // which a run believes, and its host does not
		a := approval(gate)
		a.By = ben.at("bench")
		require.NoError(t, m.update(t, a))
		require.ErrorContains(t, m.c.GetWorkflow(t.Context(), wipeRun, next).Get(t.Context(), nil), "persons that can be proven")
		require.Equal(t, 1, m.times())
	})
}

// startedBy is a run that a user has started.
func (m machine) startedBy(t *testing.T, who account) (run string) {
	t.Helper()
	said, code := m.starter(t, who, nil, "runbook", "run", "wipe", "--no-wait")
	require.Equal(t, 0, code, said)
	seen, err := m.c.DescribeWorkflowExecution(t.Context(), wipeRun, "")
	require.NoError(t, err)
	return seen.GetWorkflowExecutionInfo().GetExecution().GetRunId()
}

// sandboxed says whether a user may have namespaces.
func (m machine) sandboxed(t *testing.T, who account, before []string) (said string, code int) {
	t.Helper()
	return m.starter(t, who, before, "--help")
}

// over ends the run.
func (m machine) over(t *testing.T) {
	t.Helper()
	require.NoError(t, m.c.TerminateWorkflow(t.Context(), wipeRun, "", "the test goes on with another run"))
}
