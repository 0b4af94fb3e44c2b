package cli

import (
	"bytes"
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
	"github.com/evenkeel/evenkeel/internal/request"
	"github.com/evenkeel/evenkeel/worker/connect"
)

// signing is how a person proves a word; without a key the host's worker says who calls.
type signing struct {
	// key is the file of a private SSH key, or of its public half where an agent has it.
	key string
	// as is the principal of the allowed signers that the key belongs to.
	as string
}

// signingFlags adds how a word is proven.
func (s *starter) signingFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.signing.key, "sign-key", "", "sign with this SSH key, by ssh-keygen; else the worker of this host says who you are")
	cmd.Flags().StringVar(&s.signing.as, "as", "", "whose key it is: the principal in identity.allowed_signers")
}

func (g signing) fault() error {
	if (g.key == "") != (g.as == "") {
		return usage("--sign-key", "a key and whose it is belong together", "give --sign-key FILE and --as PRINCIPAL, as identity.allowed_signers has it")
	}
	return nil
}

// prove puts into an answer who gives it and what proves that. Where this machine has no worker that vouches, and no key
// is given, the name stays a claim.
func (s *starter) prove(ctx context.Context, c *connect.Connection, r request.Request, answer *request.Answer, by signing) error {
	if err := by.fault(); err != nil {
		return err
	}
	socket := localSocket()
	if by.key == "" && socket == "" {
		return nil
	}
	namespace, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.Namespace})
	if err != nil {
		return missing("Temporal", firstLine(err), "see starter doctor")
	}
	answer.At, answer.Nonce = time.Now().UTC().Truncate(time.Second), rand.Text()
	if by.key != "" {
		answer.By = by.as
	}
	statement := r.Statement(*answer)
	statement.Cluster = namespace.GetNamespaceInfo().GetId()
	if by.key == "" {
		return s.vouched(ctx, socket, statement, answer)
	}
	text, err := statement.Text()
	if err != nil {
		return usage("", err.Error(), "say less")
	}
	fmt.Fprint(s.Err, text)
	signature, err := sign(ctx, by.key, identity.AnswerNamespace, text)
	if err != nil {
		return failed("--sign-key", err.Error(), "")
	}
	answer.Evidence = &identity.Evidence{Kind: identity.SSH, By: by.as, Signature: signature}
	return nil
}

// vouched has the worker of this host say who calls it.
func (s *starter) vouched(ctx context.Context, socket string, statement identity.Statement, answer *request.Answer) error {
	said, err := vouch(ctx, socket, identity.VouchRequest{Namespace: identity.AnswerNamespace, Statement: statement})
	if err != nil {
		return failed("the worker of this host", "it does not vouch for you: "+err.Error(), "see starter doctor")
	}
	_, host, _ := identity.CutHost(said.Statement.Who)
	answer.By, answer.Login = said.Statement.Who, said.Statement.Login
	answer.Evidence = &identity.Evidence{Kind: identity.Host, By: host, Signature: said.Signature}
	return nil
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
	ctx, cancel := context.WithTimeout(ctx, vouchWait)
	defer cancel()
	body, err := json.Marshal(req)
	if err != nil {
		return said, err
	}
	local := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://local"+identity.VouchPath, bytes.NewReader(body))
	if err != nil {
		return said, err
	}
	answer, err := local.Do(call)
	if err != nil {
		return said, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	switch {
	case err != nil:
		return said, err
	case answer.StatusCode != http.StatusOK:
		return said, errors.New(strings.TrimSpace(string(text)))
	}
	return said, json.Unmarshal(text, &said)
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
