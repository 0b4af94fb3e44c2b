package identity

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
)

// keygen runs ssh-keygen in a folder.
func keygen(t *testing.T, dir, stdin string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("ssh-keygen", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// key makes a key pair and returns the name of its file and its public line.
func key(t *testing.T, dir, name string, options ...string) (file, public string) {
	t.Helper()
	out, err := keygen(t, dir, "", append([]string{"-q", "-N", "", "-C", "a comment", "-f", name}, options...)...)
	require.NoError(t, err, out)
	text, err := os.ReadFile(filepath.Join(dir, name+".pub"))
	require.NoError(t, err)
	return filepath.Join(dir, name), strings.TrimSpace(string(text))
}

// signed is a signature of ssh-keygen over a text.
func signed(t *testing.T, file, namespace, text string) string {
	t.Helper()
	cmd := exec.Command("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", file)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

var noon = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

func TestSignaturesOfSSHKeygen(t *testing.T) {
	text, err := approval().Text()
	require.NoError(t, err)
	for name, options := range map[string][]string{
		"ed25519": {"-t", "ed25519"}, "ecdsa": {"-t", "ecdsa", "-b", "384"}, "rsa": {"-t", "rsa", "-b", "3072"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file, public := key(t, dir, "k", options...)
			other, _ := key(t, dir, "o", "-t", "ed25519")
			line := `anna@example.com namespaces="answer@evenkeel,order@evenkeel",valid-after="20261127110000Z",valid-before="20261127130000Z" ` + public + "\n"
			signers, err := ParseSigners("allowed", "# people\n\n"+line)
			require.NoError(t, err)
			good := signed(t, file, AnswerNamespace, text)

			kept, err := signers.Verify("anna@example.com", AnswerNamespace, text, good, noon)
			require.NoError(t, err)
			for name, c := range map[string]struct {
				who, namespace, text, signature string
				at                              time.Time
				want                            string
			}{
				"somebody else's word":  {"bob@example.com", AnswerNamespace, text, good, noon, "no key of bob@example.com made it"},
				"another key":           {"anna@example.com", AnswerNamespace, text, signed(t, other, AnswerNamespace, text), noon, "no key of anna@example.com made it"},
				"another text":          {"anna@example.com", AnswerNamespace, text + "\n", good, noon, "it is not over this text"},
				"another namespace":     {"anna@example.com", OrderNamespace, text, good, noon, "it is not over this text: namespace does not match"},
				"one that it is not in": {"anna@example.com", StartNamespace, text, signed(t, file, StartNamespace, text), noon, "does not sign in start@evenkeel"},
				"too early":             {"anna@example.com", AnswerNamespace, text, good, noon.Add(-time.Hour - time.Second), "does not sign in answer@evenkeel at 2026-11-27T10:59:59Z"},
				"too late":              {"anna@example.com", AnswerNamespace, text, good, noon.Add(time.Hour + time.Second), "does not sign in answer@evenkeel at 2026-11-27T13:00:01Z"},
				"no signature":          {"anna@example.com", AnswerNamespace, text, "yes", noon, "it is no SSH signature"},
				"too long":              {"anna@example.com", AnswerNamespace, text, good + strings.Repeat(" ", maxArmor), noon, "a signature may have 8192"},
			} {
				_, err := signers.Verify(c.who, c.namespace, c.text, c.signature, c.at)
				require.ErrorContains(t, err, c.want, name)
			}
			again, err := signers.Verify("anna@example.com", AnswerNamespace, text, "\n\n"+good, noon)
			if err == nil {
				require.Equal(t, kept, again, "one signature is kept in one form")
			}

			// What is kept is what ssh-keygen takes.
			require.NoError(t, os.WriteFile(filepath.Join(dir, "allowed"), []byte(line), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "sig"), []byte(kept), 0o600))
			out, err := keygen(t, dir, text, "-Y", "verify", "-f", "allowed", "-I", "anna@example.com", "-n", AnswerNamespace, "-s", "sig", "-Overify-time=20261127120000Z")
			require.NoError(t, err, out)
		})
	}
}

func TestSignersRefused(t *testing.T) {
	dir := t.TempDir()
	_, ed := key(t, dir, "ed", "-t", "ed25519")
	_, small := key(t, dir, "small", "-t", "rsa", "-b", "2048")
	_, _ = key(t, dir, "ca", "-t", "ed25519")
	out, err := keygen(t, dir, "", "-q", "-s", "ca", "-I", "x", "-n", "anna", "ed.pub")
	require.NoError(t, err, out)
	certificate, err := os.ReadFile(filepath.Join(dir, "ed-cert.pub"))
	require.NoError(t, err)
	for name, c := range map[string]struct{ line, want string }{
		"a pattern":            {"*@example.com " + ed, `"*@example.com" is a list or a pattern`},
		"a list":               {"a@x,b@x " + ed, `"a@x,b@x" is a list or a pattern`},
		"nobody":               {`"" ` + ed, "the principal is empty"},
		"an open quote":        {`"anna ` + ed, "a quote is not closed"},
		"no key":               {"anna", `no public key stands behind "anna"`},
		"no base64":            {"anna ssh-ed25519 !!", `no public key stands behind "anna"`},
		"a certificate":        {"anna " + string(certificate), "keys of the type ssh-ed25519-cert-v01@openssh.com are not supported"},
		"a small RSA key":      {"anna " + small, "the RSA key has fewer than 3072 bits"},
		"an authority":         {"anna cert-authority " + ed, "cert-authority: is not supported"},
		"without a touch":      {"anna no-touch-required " + ed, "no-touch-required: is not supported"},
		"a namespace pattern":  {`anna namespaces="*" ` + ed, `namespaces: "*" is a pattern or empty`},
		"an option twice":      {`anna valid-after="20260101Z",valid-after="20260102Z" ` + ed, "valid-after stands there twice"},
		"no time":              {`anna valid-after="tomorrow" ` + ed, `valid-after: "tomorrow" is no time`},
		"never":                {`anna valid-after="20260102Z",valid-before="20260101Z" ` + ed, "valid-before is not behind valid-after"},
		"local time":           {`anna valid-after="20260101" ` + ed, `valid-after: "20260101" is no time; write YYYYMMDD[HHMM[SS]]Z`},
		"no end":               {`anna valid-before="00010101Z" ` + ed, `"00010101Z" is no time`},
		"no quotes":            {`anna valid-before=20300101Z ` + ed, `"valid-before=20300101Z" is no option; write NAME="VALUE"`},
		"doubled quotes":       {`anna valid-before=""20300101Z"" ` + ed, "is no option"},
		"a comma too many":     {`anna valid-before="20300101Z", ` + ed, `"" is no option`},
		"a quote in options":   {`anna valid-before="20300101Z ` + ed, "a quote is not closed"},
		"a blank of Unicode":   {"\u00a0anna " + ed, "has a letter that does not show"},
		"a NUL":                {"anna\x00 " + ed, "has a letter that does not show"},
		"one key, two persons": {"bob " + ed + "\nanna " + ed, "is bob's already"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSigners("allowed", "# head\n"+c.line)
			require.ErrorContains(t, err, c.want)
			require.Regexp(t, `^allowed:[23]: `, err.Error())
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

// What ssh-keygen takes for blanks are blanks, and the end of a line may be one of Windows.
func TestSignersAreReadAsBySSHKeygen(t *testing.T) {
	dir := t.TempDir()
	file, ed := key(t, dir, "ed", "-t", "ed25519")
	text := "a word"
	signature := signed(t, file, AnswerNamespace, text)
	for _, line := range []string{
		"anna\t" + ed, " \tanna \t" + ed, "anna\tnamespaces=\"answer@evenkeel\"\t" + ed, "anna " + ed + "\r", `"anna" ` + ed,
		`anna NAMESPACES="answer@evenkeel",valid-before="20300101Z" ` + ed,
	} {
		signers, err := ParseSigners("allowed", line+"\n")
		require.NoError(t, err, "%q", line)
		_, err = signers.Verify("anna", AnswerNamespace, text, signature, noon)
		require.NoError(t, err, "%q", line)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "allowed"), []byte(line+"\n"), 0o600))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "sig"), []byte(signature), 0o600))
		out, err := keygen(t, dir, text, "-Y", "verify", "-f", "allowed", "-I", "anna", "-n", AnswerNamespace, "-s", "sig", "-Overify-time=20261127120000Z")
		require.NoError(t, err, "%q: %s", line, out)
	}
}

// What stands behind a signature is refused, as ssh-keygen does.
func TestSignatureWithMoreBehindIt(t *testing.T) {
	dir := t.TempDir()
	file, ed := key(t, dir, "ed", "-t", "ed25519")
	signers, err := ParseSigners("allowed", "anna "+ed)
	require.NoError(t, err)
	sig, err := sshsig.Unarmor([]byte(signed(t, file, AnswerNamespace, "a word")))
	require.NoError(t, err)
	sig.Signature.Rest = []byte{0}
	_, err = signers.Verify("anna", AnswerNamespace, "a word", string(sshsig.Armor(sig)), noon)
	require.ErrorContains(t, err, "bytes behind the signature")
}

// A key that is replaced stays with its end: what it signed before is still proven.
func TestSignersOfAKeyInTurns(t *testing.T) {
	_, ed := key(t, t.TempDir(), "ed", "-t", "ed25519")
	signers, err := ParseSigners("allowed", `anna valid-before="20260101Z" `+ed+"\n"+`anna valid-after="20270101Z" `+ed)
	require.NoError(t, err)
	require.Len(t, signers, 2)
	require.True(t, signers[0].holds("x", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), "the end is inside")
	require.False(t, signers[0].holds("x", noon))
	require.True(t, signers[1].holds("x", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)))
}
