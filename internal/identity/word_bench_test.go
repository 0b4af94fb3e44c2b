package identity

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkWord is what evidence adds to an answer: its text, the host's signature and the check of it, beside
// ssh-keygen -Y sign and verify of the same text with a key of the same kind.
func BenchmarkWord(b *testing.B) {
	dir := b.TempDir()
	file := filepath.Join(dir, "key")
	key, err := OpenHostKey(file)
	require.NoError(b, err)
	signer, err := HostSigner("gpu-1", key.Public())
	require.NoError(b, err)
	allowed, text := filepath.Join(dir, "signers"), filepath.Join(dir, "text")
	require.NoError(b, os.WriteFile(allowed, []byte(signer.Line()+"\n"), 0o600))
	trust, at := Trust{Hosts: Signers{signer}}, time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	s := Statement{
		Cluster: "c", Do: "approve", Who: "anna@gpu-1", Host: "gpu-1", Run: "runbook/gpu-1/shop/wipe", RunID: strings.Repeat("r", 36), Request: "r:ask.1@0", Attempt: 1,
		Plan: strings.Repeat("a", 64), Arguments: map[string]string{"wipe": "command.run command=wipe"}, Reason: "agreed", Until: at.Add(time.Minute), At: at, Nonce: "n",
	}
	ours, theirs := time.Duration(0), time.Duration(0)
	for b.Loop() {
		began := time.Now()
		said, err := s.Text()
		require.NoError(b, err)
		signature, err := key.Sign(AnswerNamespace, said)
		require.NoError(b, err)
		_, err = trust.Prove(AnswerNamespace, s, Evidence{Kind: Host, By: "gpu-1", Signature: signature}, at)
		require.NoError(b, err)
		ours += time.Since(began)

		require.NoError(b, os.WriteFile(text, []byte(said), 0o600))
		_ = os.Remove(text + ".sig")
		began = time.Now()
		require.NoError(b, exec.CommandContext(b.Context(), "ssh-keygen", "-q", "-Y", "sign", "-n", AnswerNamespace, "-f", file, text).Run())
		verify := exec.CommandContext(b.Context(), "ssh-keygen", "-Y", "verify", "-f", allowed, "-I", signer.Principal, "-n", AnswerNamespace, "-s", text+".sig")
		verify.Stdin = strings.NewReader(said)
		require.NoError(b, verify.Run())
		theirs += time.Since(began)
	}
	b.ReportMetric(float64(ours.Microseconds())/1000/float64(b.N), "ms/word")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
	b.ReportMetric(0, "ns/op")
}
