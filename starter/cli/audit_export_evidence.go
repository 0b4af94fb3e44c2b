package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// exportEvidence writes what people signed into a new folder, so that ssh-keygen can verify it without evenkeel:
// N.statement, N.statement.sig, and allowed_signers with the keys that were in force.
func (a *audit) exportEvidence(ctx context.Context, dir string) error {
	c, err := a.configurationOrDefault()
	if err != nil {
		return err
	}
	written := 0
	e, err := newEvidence(c.Identity.AllowedSigners, func(of signed, _ string) error {
		written++
		name := filepath.Join(dir, fmt.Sprint(of.Seq, ".statement"))
		return errors.Join(os.WriteFile(name, []byte(of.Statement), 0o600), os.WriteFile(name+".sig", []byte(of.Proof.Signature), 0o600))
	})
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil { // nothing old lies beside what is written
		return failed("--evidence", err.Error(), "name a new folder")
	}
	if err := a.eachWord(ctx, e); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "allowed_signers"), []byte(e.signers()), 0o600); err != nil {
		return failed("--evidence", err.Error(), "")
	}
	if a.output == "json" {
		return a.printJSON(map[string]any{"folder": dir, "statements": written})
	}
	a.Out.Printf("wrote %s to %s\n", counted(written, "signed statement"), dir)
	return nil
}

// signers are all keys as a file of allowed signers.
func (e *evidence) signers() string {
	var lines []string
	if e.people != "" {
		lines = append(lines, e.people)
	}
	for _, host := range e.trust.Hosts {
		lines = append(lines, host.Line())
	}
	return strings.Join(lines, "\n") + "\n"
}
