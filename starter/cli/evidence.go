package cli

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/internal/config"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/terminal"
	"github.com/evenkeel/evenkeel/worker/connect"
)

// signing is how a person proves a word; without a key the host's worker says who calls.
type signing struct {
	// key is the file of a private SSH key, or of its public half where an agent has it.
	key string
	// as is the principal of the allowed signers that the key belongs to.
	as string
	// yes signs without asking.
	yes bool
}

// signingFlags adds how a word is proven.
func (s *starter) signingFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.signing.key, "sign-key", "", "sign with this SSH key, by ssh-keygen; else the worker of this host says who you are")
	cmd.Flags().StringVar(&s.signing.as, "as", "", "whose key it is: the principal in identity.allowed_signers")
	cmd.Flags().BoolVar(&s.signing.yes, "yes", false, "sign with --sign-key without asking")
}

func (g signing) fault() error {
	if (g.key == "") != (g.as == "") {
		return usage("--sign-key", "a key and whose it is belong together", "give --sign-key FILE and --as PRINCIPAL, as identity.allowed_signers has it")
	}
	return nil
}

// word is what a person says: its statement, for who says it and what proves that.
type word struct {
	namespace string
	// claim is who says it where nothing proves that.
	claim     string
	statement func(who string, said identity.Said) identity.Statement
}

// prove returns who says a word, and what proves it. Where this machine has no worker that vouches, and no key is given,
// the name is a claim.
func (s *starter) prove(ctx context.Context, c *connect.Connection, w word) (who string, said identity.Said, err error) {
	if err := s.signing.fault(); err != nil {
		return "", said, err
	}
	socket := localSocket()
	if s.signing.key == "" && socket == "" {
		return w.claim, said, nil
	}
	namespace, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	if err != nil {
		return "", said, missing("Temporal", firstLine(err), "see starter doctor")
	}
	who, said = s.signing.as, identity.Said{At: time.Now().UTC().Truncate(time.Second), Nonce: rand.Text()}
	statement := w.statement(who, said)
	statement.Cluster = namespace.GetNamespaceInfo().GetId()
	if s.signing.key == "" {
		return vouched(ctx, socket, w.namespace, statement, said)
	}
	text, err := statement.Text()
	if err != nil {
		return "", said, usage("", err.Error(), "say less")
	}
	if err := s.agree(text, statement.Whole()); err != nil {
		return "", said, err
	}
	signature, err := sign(ctx, s.signing.key, w.namespace, text)
	if err != nil {
		return "", said, failed("--sign-key", err.Error(), "")
	}
	said.Evidence = &identity.Evidence{Kind: identity.SSH, By: who, Signature: signature}
	return who, said, nil
}

// agree shows what is to be signed, and asks whether it is what the person wants to say.
func (s *starter) agree(text, whole string) error {
	fmt.Fprint(s.Err, text)
	if whole != "" {
		fmt.Fprint(s.Err, "\nWhat stands above as a digest is:\n", whole)
	}
	switch in, ok := s.In.(*os.File); {
	case s.signing.yes:
		return nil
	case !ok || !terminal.Is(in):
		return usage("--sign-key", "nobody is here to say that this is to be signed", "give --yes in a script")
	}
	fmt.Fprint(s.Err, "\nSign this? [y/N] ")
	line, _ := bufio.NewReader(s.In).ReadString('\n') // no line is a no
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return no("--sign-key", "nothing was signed", "")
	}
	return nil
}

// vouched has the worker of this host say who calls it.
func vouched(ctx context.Context, socket, namespace string, statement identity.Statement, said identity.Said) (string, identity.Said, error) {
	answer, err := vouch(ctx, socket, identity.VouchRequest{Namespace: namespace, Statement: statement})
	if err != nil {
		return "", said, failed("the worker of this host", "it does not vouch for you: "+err.Error(), "see starter doctor")
	}
	who := answer.Statement.Who
	_, host, _ := identity.CutHost(who)
	said.Login, said.Evidence = answer.Statement.Login, &identity.Evidence{Kind: identity.Host, By: host, Signature: answer.Signature}
	return who, said, nil
}

// me is who the person at the command line is: whose key signs, or who the worker of this host says, or else a claim.
func (s *starter) me(ctx context.Context) string {
	if s.signing.as != "" {
		return s.signing.as
	}
	var caller identity.Caller
	if socket := localSocket(); socket != "" {
		_ = callLocal(ctx, socket, http.MethodGet, identity.WhoPath, nil, &caller) // whoever then has to prove it hears why not
	}
	return cmp.Or(caller.Who, by())
}

// localSocket is where the worker of this host listens for its users; empty where none does.
func localSocket() string {
	for _, path := range config.Sockets() {
		if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
			_ = conn.Close() // it was only looked at
			return path
		}
	}
	return ""
}

// vouchWait bounds how long the worker of this host may take to sign.
const vouchWait = 5 * time.Second

func vouch(ctx context.Context, socket string, req identity.VouchRequest) (said identity.Vouched, err error) {
	body, err := json.Marshal(req)
	if err != nil {
		return said, err
	}
	return said, callLocal(ctx, socket, http.MethodPost, identity.VouchPath, body, &said)
}

// callLocal calls the worker of this host.
func callLocal(ctx context.Context, socket, method, path string, body []byte, into any) error {
	ctx, cancel := context.WithTimeout(ctx, vouchWait)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	call, err := http.NewRequestWithContext(ctx, method, "http://local"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := client.Do(call)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	switch {
	case err != nil:
		return err
	case answer.StatusCode != http.StatusOK:
		return errors.New(strings.TrimSpace(string(text)))
	}
	return json.Unmarshal(text, into)
}

// sign has ssh-keygen sign a text: it asks for passphrases and touches, and knows agents, hardware and PKCS#11.
func sign(ctx context.Context, key, namespace, text string) (string, error) {
	cmd := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-n", namespace, "-f", key)
	var signature, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &signature, io.MultiWriter(&said, os.Stderr)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("ssh-keygen -Y sign: %w", err)
	}
	return signature.String(), nil
}
