package ingress

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/identity"
)

const callVariable = "EVENKEEL_TEST_VOUCH"

// TestMain calls the socket of a test in a process of its own, which may be another user's.
func TestMain(m *testing.M) {
	path := os.Getenv(callVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
	answer, err := client.Post("http://local"+identity.VouchPath, "application/json", os.Stdin)
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	defer answer.Body.Close()
	io.Copy(os.Stdout, answer.Body)
}

// local is a socket with the key that signs there.
type local struct {
	t       *testing.T
	path    string
	signers identity.Signers
	program string
}

func newLocal(t *testing.T) local {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "vouch") //nolint:usetesting // a short path that others may enter
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	require.NoError(t, os.Chmod(dir, 0o711))
	key, err := identity.OpenHostKey(filepath.Join(dir, "host.key"))
	require.NoError(t, err)
	signers, err := identity.ParseSigners("hosts", "host:gpu-1 "+key.Public())
	require.NoError(t, err)
	path := filepath.Join(dir, "evenkeel.sock")
	listener, err := ListenLocal(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, Vouch("gpu-1", key)) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	program := filepath.Join(dir, "call")
	text, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, text, 0o755))
	return local{t, path, signers, program}
}

// call says something by the socket as the user that the command is run as.
func (l local) call(body string, change func(*exec.Cmd)) string {
	l.t.Helper()
	cmd := exec.Command(l.program)
	cmd.Env, cmd.Stdin, cmd.Dir = []string{callVariable + "=" + l.path}, strings.NewReader(body), "/"
	if change != nil {
		change(cmd)
	}
	out, err := cmd.CombinedOutput()
	require.NoError(l.t, err, string(out))
	return string(out)
}

func as(uid uint32) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	}
}

// under puts a program before the call.
func under(then func(*exec.Cmd), argv ...string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			panic(err)
		}
		cmd.Args = append(argv, cmd.Args...)
		cmd.Path = path
		if then != nil {
			then(cmd)
		}
	}
}

// vouched is what the host signed for whoever called, whose signature holds.
func (l local) vouched(out string) identity.Statement {
	l.t.Helper()
	var v identity.Vouched
	require.NoError(l.t, json.Unmarshal([]byte(out), &v), out)
	text, err := v.Statement.Text()
	require.NoError(l.t, err)
	_, err = l.signers.Verify("host:gpu-1", identity.AnswerNamespace, text, v.Signature, time.Now())
	require.NoError(l.t, err)
	return v.Statement
}

func body(t *testing.T, namespace string, s identity.Statement) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, json.NewEncoder(&text).Encode(identity.VouchRequest{Namespace: namespace, Statement: s}))
	return text.String()
}

// The kernel says who calls, whatever the caller says and wherever it stands.
func TestVouch(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may be somebody else")
	}
	l := newLocal(t)
	lie := body(t, identity.AnswerNamespace, identity.Statement{Do: "approve", Who: "anna@gpu-1", Login: "anna@gpu-1", Run: "r"})
	for name, c := range map[string]struct {
		change func(*exec.Cmd)
		who    string
	}{
		"root":                   {nil, "root@gpu-1"},
		"a user without a name":  {as(12345), "uid:12345@gpu-1"},
		"a user with a name":     {as(1), "daemon@gpu-1"},
		"root of a namespace":    {under(as(12345), "unshare", "-U", "-r"), "uid:12345@gpu-1"},
		"nobody of a namespace":  {under(as(12345), "unshare", "-U"), "uid:12345@gpu-1"},
		"a host of another name": {under(as(12345), "unshare", "-U", "-r", "--uts", "sh", "-c", `hostname gpu-2; exec "$0"`), "uid:12345@gpu-1"},
		"another user by environment": {func(cmd *exec.Cmd) {
			as(12345)(cmd)
			cmd.Env = append(cmd.Env, "USER=root", "LOGNAME=root", "SUDO_USER=anna")
		}, "uid:12345@gpu-1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := l.vouched(l.call(lie, c.change))
			require.Equal(t, c.who, s.Who)
			require.Empty(t, strings.TrimSuffix(s.Login, "@gpu-1"), "nobody logged in here")
			require.Equal(t, "approve", s.Do)
		})
	}
	require.Contains(t, l.call(lie, as(overflow)), "the kernel does not say who calls (uid 65534)")
}

func TestVouchRefuses(t *testing.T) {
	l := newLocal(t)
	for name, c := range map[string]struct{ body, want string }{
		"another namespace": {body(t, "git", identity.Statement{}), `nothing is signed in the namespace "git"`},
		"no statement":      {"{", "the request is none"},
		"an unknown field":  {`{"namespace":"answer@evenkeel","text":"x"}`, "the request is none"},
		"too long":          {body(t, identity.AnswerNamespace, identity.Statement{Cluster: strings.Repeat("\x1b", 250), Run: strings.Repeat("\x1b", 250), RunID: strings.Repeat("\x1b", 250), Plan: strings.Repeat("\x1b", 250), Step: strings.Repeat("\x1b", 250), Reason: strings.Repeat("\x1b", 250)}), "it may have 8192"},
		"a flood":           {`{"namespace":"` + strings.Repeat("x", 1<<20), "request body too large"},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, l.call(c.body, nil), c.want) })
	}
}

// By TCP the kernel says nothing.
func TestVouchByTCP(t *testing.T) {
	key, err := identity.OpenHostKey(filepath.Join(t.TempDir(), "k"))
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, Vouch("gpu-1", key)) }()
	answer, err := http.Post("http://"+listener.Addr().String()+identity.VouchPath, "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusForbidden, answer.StatusCode)
	cancel()
	require.NoError(t, <-done)
}

func TestLoginOf(t *testing.T) {
	require.Negative(t, loginOf(1<<30), "there is no such process")
	who, login, err := Caller{UID: 0, Login: 1}.names("gpu-1")
	require.NoError(t, err)
	require.Equal(t, []string{"root@gpu-1", "daemon@gpu-1"}, []string{who, login})
	_, login, err = Caller{UID: 1, Login: 2}.names("gpu-1")
	require.NoError(t, err)
	require.Empty(t, login, "a login behind another user counts for nothing")
}

func TestListenLocalReplacesItsOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	require.NoError(t, err)
	left.SetUnlinkOnClose(false)
	require.NoError(t, left.Close())
	listener, err := ListenLocal(path)
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	_, err = ListenLocal(path)
	require.Error(t, err, "a file is somebody's")
}

// A user who holds connections open has some of them, and the others are closed at once.
func TestConnectionsOfOneUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	listener, err := ListenLocal(path)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, listener, http.NotFoundHandler()) }()
	defer func() {
		cancel()
		require.NoError(t, <-done)
	}()
	var open []net.Conn
	for range perUser {
		conn, err := net.Dial("unix", path)
		require.NoError(t, err)
		open = append(open, conn)
	}
	ask := func() error {
		client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}}}
		answer, err := client.Get("http://local/")
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	}
	require.Error(t, ask())
	require.NoError(t, open[0].Close())
	require.Eventually(t, func() bool { return ask() == nil }, 10*time.Second, 10*time.Millisecond)
	for _, conn := range open[1:] {
		require.NoError(t, conn.Close())
	}
}
