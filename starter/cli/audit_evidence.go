package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
)

// evidence writes what people signed, so that ssh-keygen can verify it without evenkeel: N.statement, N.statement.sig and
// allowed_signers.
type evidence struct {
	dir string
	// signers are the lines of allowed_signers, written how many statements there are.
	signers []string
	written int
}

// newEvidence makes the folder, which must not be there: nothing old lies beside what is written.
func newEvidence(dir, peoplesKeys string) (*evidence, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, failed("--evidence", err.Error(), "name a new folder")
	}
	e := &evidence{dir: dir}
	if peoplesKeys == "" {
		return e, nil
	}
	text, err := os.ReadFile(peoplesKeys)
	if err != nil {
		return nil, missing("identity.allowed_signers", err.Error(), "run it where that file is")
	}
	e.signers = append(e.signers, strings.TrimSpace(string(text)))
	return e, nil
}

// take writes the evidence of an entry that has some, and notes the key of a host.
func (e *evidence) take(of ledger.Entry) error {
	if of.Kind == ledger.HostKeyKind {
		var k ledger.HostKey
		if err := json.Unmarshal([]byte(of.Data), &k); err != nil {
			return failed("--evidence", fmt.Sprintf("entry %d: %v", of.Seq, err), "")
		}
		e.signers = append(e.signers, identity.HostPrincipal(k.Host)+" "+k.Key)
		return nil
	}
	var said struct {
		Statement string          `json:"statement"`
		Proof     *identity.Proof `json:"proof"`
	}
	if json.Unmarshal([]byte(of.Data), &said) != nil || said.Proof == nil || said.Statement == "" {
		return nil
	}
	e.written++
	name := filepath.Join(e.dir, fmt.Sprint(of.Seq, ".statement"))
	if err := errors.Join(os.WriteFile(name, []byte(said.Statement), 0o600), os.WriteFile(name+".sig", []byte(said.Proof.Signature), 0o600)); err != nil {
		return failed("--evidence", err.Error(), "")
	}
	return nil
}

func (e *evidence) end() error {
	err := os.WriteFile(filepath.Join(e.dir, "allowed_signers"), []byte(strings.Join(e.signers, "\n")+"\n"), 0o600)
	if err != nil {
		return failed("--evidence", err.Error(), "")
	}
	return nil
}
