package identity

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHostKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "host.key")
	made, err := OpenHostKey(path)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	again, err := OpenHostKey(path)
	require.NoError(t, err)
	require.Equal(t, made.Public(), again.Public())
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	require.NoError(t, err)
	require.Len(t, left, 1)

	text, err := approval().Text()
	require.NoError(t, err)
	signature, err := again.Sign(AnswerNamespace, text)
	require.NoError(t, err)
	signers, err := ParseSigners("hosts", "host:gpu-1 "+made.Public())
	require.NoError(t, err)
	_, err = signers.Verify("host:gpu-1", AnswerNamespace, text, signature, noon)
	require.NoError(t, err)
	_, err = signers.Verify("host:gpu-2", AnswerNamespace, text, signature, noon)
	require.ErrorContains(t, err, "no key of host:gpu-2 made it")
}

func TestHostKeyRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), mode))
		return path
	}
	_, err := OpenHostKey(write("none", "x", 0o600))
	require.ErrorContains(t, err, "is no Ed25519 key")
	open := filepath.Join(dir, "open")
	_, err = OpenHostKey(open)
	require.NoError(t, err)
	require.NoError(t, os.Chmod(open, 0o640))
	_, err = OpenHostKey(open)
	require.ErrorContains(t, err, "may be read by others (mode 0640)")
	file, _ := key(t, dir, "rsa", "-t", "rsa", "-b", "3072")
	_, err = OpenHostKey(file)
	require.ErrorContains(t, err, "is no Ed25519 key")
	_, err = OpenHostKey(filepath.Join(dir, "nowhere", "key"))
	require.Error(t, err)
}
