package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	ledgerdb "github.com/evenkeel/evenkeel/activities/ledger"
	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/ledger"
	"github.com/evenkeel/evenkeel/internal/request"
)

// testimony is a ledger in which people speak.
type testimony struct {
	t     *testing.T
	store *ledgerdb.Store
	at    time.Time
}

func (l *testimony) append(kind string, data any) { l.t.Helper(); l.by(kind, "", data) }

// by is an entry of a person.
func (l *testimony) by(kind, who string, data any) {
	l.t.Helper()
	l.at = l.at.Add(time.Hour)
	text, err := json.Marshal(data)
	require.NoError(l.t, err)
	_, err = l.store.Append(l.t.Context(), ledger.Draft{Key: l.at.String(), At: l.at.Format(time.RFC3339), Kind: kind, Actor: who, Data: string(text)})
	require.NoError(l.t, err)
}

// word is an approval by who with a signature that sign makes.
func (l *testimony) word(kind identity.Kind, who string, sign func(text string) string) {
	l.t.Helper()
	text, err := identity.Statement{Do: request.Approve, Who: who, At: l.at.Add(time.Hour)}.Text()
	require.NoError(l.t, err)
	l.by("request.approved", who, request.Word{Decision: request.Approve, Statement: text, Proof: &identity.Proof{Kind: kind, Namespace: identity.AnswerNamespace, Who: who, Signature: sign(text)}})
}

// What people signed is verified years later, by evenkeel and by ssh-keygen, with the keys that were in force then.
func TestAuditEvidence(t *testing.T) {
	dir := t.TempDir()
	store, err := ledgerdb.Open(t.Context(), ledgerdb.Options{DSN: "sqlite:" + filepath.Join(dir, "ledger.db")})
	require.NoError(t, err)
	l := &testimony{t, store, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	hostKey := func(name string) (identity.HostKey, func(string) string) {
		key, err := identity.OpenHostKey(filepath.Join(dir, name))
		require.NoError(t, err)
		return key, func(text string) string {
			signature, err := key.Sign(identity.AnswerNamespace, text)
			require.NoError(t, err)
			return signature
		}
	}
	first, byFirst := hostKey("first")
	second, bySecond := hostKey("second")
	anna, byAnna := hostKey("anna")
	_, byBob := hostKey("bob")

	l.append(ledger.HostKeyKind, ledger.HostKey{Host: "gpu-1", Key: first.Public()}) // entry 1
	l.word(identity.Host, "root@gpu-1", byFirst)
	l.append(ledger.HostKeyKind, ledger.HostKey{Host: "gpu-1", Key: second.Public()})
	l.word(identity.Host, "root@gpu-1", bySecond)
	l.word(identity.Host, "root@gpu-1", byFirst) // 5: with the key that was in force no more
	l.word(identity.SSH, "anna@example.com", byAnna)
	l.word(identity.SSH, "anna@example.com", byBob) // 7
	l.word(identity.Host, "root@gpu-2", bySecond)   // 8: another host
	l.append("request.approved", request.Word{Proof: &identity.Proof{Kind: identity.SSH, Namespace: identity.AnswerNamespace, Who: "anna@example.com"}})
	l.append(ledger.HostKeyKind, ledger.HostKey{Host: "gpu-1", Key: first.Public()}) // 10: the former one again
	l.word(identity.Host, "root@gpu-1", byFirst)
	l.word(identity.Host, "root@gpu-1", bySecond) // 12
	require.NoError(t, store.Close())

	signers := filepath.Join(dir, "signers")
	require.NoError(t, os.WriteFile(signers, []byte("anna@example.com "+anna.Public()+"\n"), 0o600))
	config := filepath.Join(dir, "evenkeel.yaml")
	require.NoError(t, os.WriteFile(config, []byte("apiVersion: evenkeel/v1\ntime_zone: UTC\nhosts:\n  gpu-1: {projects: {shop: {directory: .}}}\nidentity:\n  allowed_signers: "+signers+"\n"), 0o600))
	from := filepath.Join(dir, "ledger.db")
	run := func(args ...string) (int, string, string) {
		return says(t, "text", func(s *starter) error { return execute(s, append(args, "--config", config)...) })
	}

	code, out, errs := run("audit", "verify", "--ledger", "sqlite:"+from)
	require.Equal(t, exitNo, code, errs)
	require.Contains(t, out, "unbroken: 12 entries\n")
	require.Contains(t, out, "4 of 9 signed words proven\n")
	for _, fault := range []string{
		"  entry 5: root@gpu-1 is not proven: the key SHA256:", "  entry 7: anna@example.com is not proven: no key of anna@example.com made it: it is by SHA256:",
		"  entry 8: root@gpu-2 is not proven: no key of host:gpu-2 made it", "  entry 9: anna@example.com is not proven: the statement is not by anna@example.com\n",
		"  entry 12: root@gpu-1 is not proven: the key SHA256:",
	} {
		require.Contains(t, out, fault)
	}

	evidence := filepath.Join(dir, "evidence")
	code, out, errs = run("audit", "export", "--ledger", "sqlite:"+from, "--evidence", evidence)
	require.Equal(t, exitDone, code, errs)
	require.Equal(t, "wrote 9 signed statements to "+evidence+"\n", out)
	code, _, errs = run("audit", "export", "--ledger", "sqlite:"+from, "--evidence", evidence)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "file exists; name a new folder")

	verify := func(seq int, who, at string) error {
		statement, err := os.Open(filepath.Join(evidence, fmt.Sprint(seq, ".statement")))
		require.NoError(t, err)
		defer statement.Close()
		cmd := exec.CommandContext(t.Context(), "ssh-keygen", "-Y", "verify", "-f", filepath.Join(evidence, "allowed_signers"), "-I", who, "-n", identity.AnswerNamespace,
			"-s", statement.Name()+".sig", "-Overify-time="+at)
		cmd.Stdin = statement
		text, err := cmd.CombinedOutput()
		if err != nil {
			return errors.New(strings.TrimSpace(string(text)))
		}
		return nil
	}
	require.NoError(t, verify(2, "host:gpu-1", "20260301140000Z"))
	require.NoError(t, verify(4, "host:gpu-1", "20260301160000Z"))
	require.NoError(t, verify(6, "anna@example.com", "20260301180000Z"))
	require.Error(t, verify(5, "host:gpu-1", "20260301170000Z"))
	require.Error(t, verify(7, "anna@example.com", "20260301190000Z"))
	require.NoError(t, verify(2, "host:gpu-1", "20260301120000Z"), "the first key may be older than the ledger")
	require.NoError(t, verify(4, "host:gpu-1", "20260301145000Z"), "the clock of the host may be wrong")
	require.Error(t, verify(4, "host:gpu-1", "20260301144959Z"))
	require.Error(t, verify(4, "host:gpu-1", "20260301220001Z"))
	require.NoError(t, verify(11, "host:gpu-1", "20260301230000Z"), "a key that came back")
	require.Error(t, verify(12, "host:gpu-1", "20260302000000Z"))
}
