package identity

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// Namespaces of signatures: a word of one kind is none of another.
const (
	AnswerNamespace = "answer@evenkeel"
	OrderNamespace  = "order@evenkeel"
	StartNamespace  = "start@evenkeel"
)

// IsNamespace says whether words are signed in a namespace.
func IsNamespace(name string) bool {
	return name == AnswerNamespace || name == OrderNamespace || name == StartNamespace
}

// maxArmor bounds a signature as text, in bytes: that of an RSA key of 16384 bits has 4 KiB.
const maxArmor = 8 << 10

// Verify holds a signature over a text, as ssh-keygen -Y sign makes it, against the keys that the principal has at that
// time. It returns the signature in the one form that is kept.
func (all Signers) Verify(principal, namespace, text, armored string, at time.Time) (kept string, err error) {
	sig, err := readSignature(armored)
	if err != nil {
		return "", err
	}
	why := fmt.Errorf("no key of %s made it: it is by %s", principal, ssh.FingerprintSHA256(sig.PublicKey))
	for _, s := range all {
		if s.Principal != principal || !sameKey(s.Key, sig.PublicKey) {
			continue
		}
		if !s.holds(namespace, at) {
			why = fmt.Errorf("the key %s of %s does not sign in %s at %s", ssh.FingerprintSHA256(s.Key), principal, namespace, stamp(at))
			continue
		}
		if err := sshsig.Verify(strings.NewReader(text), sig, s.Key, sig.HashAlgorithm, namespace); err != nil {
			return "", fmt.Errorf("it is not over this text: %w", err)
		}
		return string(sshsig.Armor(sig)), nil
	}
	return "", why
}

// touchBytes are the flags and the counter of a hardware key.
const touchBytes = 5

// readSignature reads one in its armour, by a key of a kind that is trusted.
func readSignature(armored string) (*sshsig.Signature, error) {
	if len(armored) > maxArmor {
		return nil, fmt.Errorf("it has %d bytes; a signature may have %d", len(armored), maxArmor)
	}
	sig, err := sshsig.Unarmor([]byte(armored))
	if err != nil {
		return nil, errors.New("it is no SSH signature")
	}
	if err := strong(sig.PublicKey); err != nil {
		return nil, err
	}
	rest := 0 // behind the signature itself
	if strings.HasPrefix(sig.PublicKey.Type(), "sk-") {
		rest = touchBytes
	}
	if sig.Signature == nil || len(sig.Signature.Rest) != rest {
		return nil, errors.New("it has bytes behind the signature, and ssh-keygen takes none")
	}
	return sig, nil
}

func sameKey(a, b ssh.PublicKey) bool { return string(a.Marshal()) == string(b.Marshal()) }
