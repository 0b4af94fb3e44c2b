package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

// HostKey is the Ed25519 key by which a host's worker says who called it.
type HostKey struct{ signer ssh.Signer }

// OpenHostKey reads the key of a file and makes one, with the mode 0600, where there is none. A key that others than
// its owner may read is refused: it could be anybody's by now.
func OpenHostKey(path string) (HostKey, error) {
	text, err := textfile.Read(path, textfile.Small)
	if errors.Is(err, fs.ErrNotExist) {
		return makeHostKey(path)
	}
	if err != nil {
		return HostKey{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return HostKey{}, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return HostKey{}, fmt.Errorf("%s may be read by others (mode %04o); remove it for a new key, or chmod 0600 it if nobody else was on this host", path, info.Mode().Perm())
	}
	if of, ok := info.Sys().(*syscall.Stat_t); ok && int(of.Uid) != os.Geteuid() {
		return HostKey{}, fmt.Errorf("%s belongs to the uid %d, and this process runs as %d; remove it for a new key", path, of.Uid, os.Geteuid())
	}
	signer, err := ssh.ParsePrivateKey(text)
	if err != nil || signer.PublicKey().Type() != ssh.KeyAlgoED25519 {
		return HostKey{}, fmt.Errorf("%s is no Ed25519 key without a passphrase; remove it for a new one", path)
	}
	return HostKey{signer}, nil
}

// makeHostKey writes the file in one step: a crash leaves a whole key or none.
func makeHostKey(path string) (HostKey, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return HostKey{}, err
	}
	block, err := ssh.MarshalPrivateKey(private, "evenkeel host key")
	if err != nil {
		return HostKey{}, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // with the mode 0600
	if err != nil {
		return HostKey{}, err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone once it has its name
	_, err = f.Write(pem.EncodeToMemory(block))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return HostKey{}, err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return HostKey{}, err
	}
	signer, err := ssh.NewSignerFromKey(private)
	return HostKey{signer}, err
}

// SameKey says whether two lines of authorized_keys have the same key.
func SameKey(a, b string) bool {
	one, _, _, _, err := ssh.ParseAuthorizedKey([]byte(a))
	other, _, _, _, errOther := ssh.ParseAuthorizedKey([]byte(b))
	return err == nil && errOther == nil && sameKey(one, other)
}

// HostSigner is the key of a host's worker as an allowed signer.
func HostSigner(host, public string) (Signer, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(public))
	if err != nil || key.Type() != ssh.KeyAlgoED25519 {
		return Signer{}, errors.New("it is no Ed25519 public key")
	}
	return Signer{Principal: HostPrincipal(host), Key: key}, nil
}

// Public is the key as a line of authorized_keys, without a comment.
func (k HostKey) Public() string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k.signer.PublicKey())))
}

// Sign signs a text in a namespace.
func (k HostKey) Sign(namespace, text string) (string, error) {
	sig, err := sshsig.Sign(strings.NewReader(text), k.signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return "", err
	}
	return string(sshsig.Armor(sig)), nil
}
