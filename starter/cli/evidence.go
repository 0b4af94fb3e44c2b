package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/textfile"
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
	cmd.Flags().BoolVar(&s.signing.yes, "yes", false, "sign without asking")
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
	// told says that a run told what the statement is about: a person sees it before it is signed.
	told bool
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
		return s.vouched(ctx, socket, w, statement, said)
	}
	text, err := statement.Text()
	if err != nil {
		return "", said, usage("", err.Error(), "say less")
	}
	if err := s.agree(ctx, text, statement.Whole()); err != nil {
		return "", said, err
	}
	signature, err := sign(ctx, s.signing.key, w.namespace, text)
	if err != nil {
		return "", said, failed("--sign-key", err.Error(), "")
	}
	said.Evidence = &identity.Evidence{Kind: identity.SSH, By: who, Signature: signature}
	return who, said, nil
}

// vouched has the worker of this host say who calls it. What a run has told is first shown to a person at a terminal.
func (s *starter) vouched(ctx context.Context, socket string, w word, statement identity.Statement, said identity.Said) (string, identity.Said, error) {
	refused := func(what string) (string, identity.Said, error) {
		return "", said, failed("the worker of this host", what, "see starter doctor")
	}
	agreed := ""
	if w.told && s.attended() {
		caller, err := whoCalls(ctx, socket)
		if err != nil {
			return refused("it does not say who you are: " + err.Error())
		}
		statement.Who, statement.Login = caller.Who, caller.Login
		if agreed, err = statement.Text(); err != nil {
			return "", said, usage("", err.Error(), "say less")
		}
		if err := s.agree(ctx, agreed, statement.Whole()); err != nil {
			return "", said, err
		}
	}
	answer, err := vouch(ctx, socket, identity.VouchRequest{Namespace: w.namespace, Statement: statement})
	if err != nil {
		return refused("it does not vouch for you: " + err.Error())
	}
	if text, err := answer.Statement.Text(); agreed != "" && (err != nil || text != agreed) {
		return refused("it has signed something else than was shown, and nothing was said")
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
		caller, _ = whoCalls(ctx, socket) // whoever then has to prove it hears why not
	}
	return cmp.Or(caller.Who, by())
}

// sign has ssh-keygen sign a text: it asks for passphrases and touches, and knows agents, hardware and PKCS#11.
func sign(ctx context.Context, key, namespace, text string) (string, error) {
	if _, err := textfile.Read(key, textfile.Small); err != nil { // ssh-keygen would wait for what never ends
		return "", err
	}
	cmd := exec.CommandContext(ctx, "ssh-keygen", "-Y", "sign", "-n", namespace, "-f", key)
	var signature, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(text), &signature, io.MultiWriter(&said, os.Stderr)
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("ssh-keygen -Y sign: %w", err)
	}
	return signature.String(), nil
}
