package identity

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Signer is a line of an OpenSSH file of allowed signers: whose key it is, for what and when.
type Signer struct {
	Principal string
	Key       ssh.PublicKey
	// Namespaces are those that the key signs in; none are all.
	Namespaces []string
	// After and Before are the first and the last second at which it does; zero is no bound.
	After, Before time.Time
}

// Line is the signer as ssh-keygen reads it, with all times in UTC.
func (s Signer) Line() string {
	line := s.Principal
	if strings.Contains(line, " ") {
		line = `"` + line + `"`
	}
	var options []string
	if len(s.Namespaces) > 0 {
		options = append(options, `namespaces="`+strings.Join(s.Namespaces, ",")+`"`)
	}
	for name, at := range map[string]time.Time{"valid-after": s.After, "valid-before": s.Before} {
		if !at.IsZero() {
			options = append(options, name+`="`+at.UTC().Format("20060102150405")+`Z"`)
		}
	}
	slices.Sort(options)
	if len(options) > 0 {
		line += " " + strings.Join(options, ",")
	}
	return line + " " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.Key)))
}

// MaxSigners bounds such a file, in bytes.
const MaxSigners = 1 << 20

// Signers are all lines of such a file.
type Signers []Signer

// Has says whether there is a key of the principal.
func (all Signers) Has(principal string) bool {
	return slices.ContainsFunc(all, func(s Signer) bool { return s.Principal == principal })
}

// blanks are what ssh-keygen takes for such, and no others.
const blanks = " \t"

// ParseSigners reads a file in the format of ssh-keygen's ALLOWED SIGNERS, of which it knows what names one person by
// one key, with times in UTC. What ssh-keygen would refuse is refused: evidence has to hold there, too. All faults are in
// the error, one line each.
func ParseSigners(file, text string) (Signers, error) {
	var all Signers
	var faults []error
	held := map[string]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.Trim(strings.TrimSuffix(line, "\r"), blanks)
		if line == "" || line[0] == '#' {
			continue
		}
		signer, err := parseSigner(line)
		print := ""
		if err == nil {
			print = ssh.FingerprintSHA256(signer.Key)
			if whose, ok := held[print]; ok && whose != signer.Principal {
				err = fmt.Errorf("the key %s is %s's already; one key is one person's", print, whose)
			}
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s:%d: %w", file, i+1, err))
			continue
		}
		held[print] = signer.Principal
		all = append(all, signer)
	}
	return all, errors.Join(faults...)
}

func parseSigner(line string) (Signer, error) {
	principal, rest, err := cutPrincipal(line)
	if err != nil {
		return Signer{}, err
	}
	options, rest, err := cutOptions(rest)
	if err != nil {
		return Signer{}, err
	}
	key, _, more, _, err := ssh.ParseAuthorizedKey([]byte(rest))
	if err != nil || len(more) > 0 {
		return Signer{}, fmt.Errorf("no public key stands behind %s; write PRINCIPAL [OPTIONS] TYPE KEY", strictyaml.Quote(principal))
	}
	s := Signer{Principal: principal, Key: key}
	if err := strong(key); err != nil {
		return Signer{}, err
	}
	return s, s.take(options)
}

// keyType is what a public key begins with, and so no option.
var keyType = regexp.MustCompile(`^(?:ssh|ecdsa|sk)-`)

// option is one of a line: NAME="VALUE", or NAME alone.
var option = regexp.MustCompile(`^([A-Za-z-]+)(?:="([^"]*)")?$`)

// cutOptions takes the options off what stands behind the principal: a list without blanks but in quotes.
func cutOptions(line string) (options [][]string, rest string, err error) {
	if keyType.MatchString(line) {
		return nil, line, nil
	}
	quoted, begins := false, 0
	for i := 0; i <= len(line); i++ {
		switch {
		case i < len(line) && line[i] == '"':
			quoted = !quoted
		case i == len(line) && quoted:
			return nil, "", errors.New("a quote is not closed")
		case quoted || i < len(line) && line[i] != ',' && !strings.ContainsRune(blanks, rune(line[i])):
		default:
			one := option.FindStringSubmatch(line[begins:i])
			if one == nil {
				if i == len(line) && begins == 0 {
					return nil, line, nil // which is no key
				}
				return nil, "", fmt.Errorf(`%s is no option; write NAME="VALUE", with commas between`, strictyaml.Quote(line[begins:i]))
			}
			options, begins = append(options, one[1:]), i+1
			if i == len(line) || line[i] != ',' {
				return options, strings.Trim(line[i:], blanks), nil
			}
		}
	}
	return options, "", nil
}

// cutPrincipal takes the name off a line. It may stand in quotes, as it may hold blanks.
func cutPrincipal(line string) (principal, rest string, err error) {
	if after, ok := strings.CutPrefix(line, `"`); ok {
		principal, rest, ok = strings.Cut(after, `"`)
		if !ok {
			return "", "", errors.New("a quote is not closed")
		}
	} else {
		principal = line
		if i := strings.IndexAny(line, blanks); i >= 0 {
			principal, rest = line[:i], line[i:]
		}
	}
	switch {
	case principal == "":
		return "", "", errors.New("the principal is empty")
	case strings.ContainsFunc(principal, func(r rune) bool { return !shows(r) }):
		return "", "", fmt.Errorf("%s has a letter that does not show", strictyaml.Quote(principal))
	case strings.ContainsAny(principal, ",*?!"):
		return "", "", fmt.Errorf("%s is a list or a pattern; write one name per line, for a word is one person's", strictyaml.Quote(principal))
	}
	return principal, strings.Trim(rest, blanks), nil
}

// minRSA is the least number of bits of an RSA key, from NIST SP 800-57: 128 bits of strength.
const minRSA = 3072

// strong refuses kinds of keys whose signatures prove too little.
func strong(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoSKED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		public, ok := key.(ssh.CryptoPublicKey)
		if !ok {
			break
		}
		if of, ok := public.CryptoPublicKey().(*rsa.PublicKey); ok && of.N.BitLen() >= minRSA {
			return nil
		}
		return fmt.Errorf("the RSA key has fewer than %d bits", minRSA)
	}
	return fmt.Errorf("keys of the type %s are not supported; use ed25519, ecdsa, rsa or their sk- kinds, and no certificates", key.Type())
}

// take reads the options of a line. One that it does not know could narrow what the key is for, so it is an error.
func (s *Signer) take(options [][]string) error {
	seen := map[string]bool{}
	for _, option := range options {
		name, value := strings.ToLower(option[0]), option[1]
		if seen[name] {
			return fmt.Errorf("%s stands there twice", name)
		}
		seen[name] = true
		var err error
		switch name {
		case "namespaces":
			s.Namespaces = strings.Split(value, ",")
			if value == "" || strings.ContainsAny(value, "*?!") {
				err = fmt.Errorf("%s is a pattern or empty; write the names", strictyaml.Quote(value))
			}
		case "valid-after":
			s.After, err = sshTime(value)
		case "valid-before":
			s.Before, err = sshTime(value)
		default:
			err = errors.New("is not supported; write namespaces, valid-after or valid-before")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if !s.After.IsZero() && !s.Before.IsZero() && !s.After.Before(s.Before) {
		return errors.New("valid-before is not behind valid-after")
	}
	return nil
}

// sshTime reads YYYYMMDD[HHMM[SS]]Z. Without Z it would be another time on another host, and in summer not even the one
// that ssh-keygen reads.
func sshTime(value string) (time.Time, error) {
	digits, utc := strings.CutSuffix(value, "Z")
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if at, err := time.Parse(layout, digits); err == nil && utc && len(digits) == len(layout) && at.Unix() > 0 {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("%s is no time; write YYYYMMDD[HHMM[SS]]Z, in UTC and after 1970", strictyaml.Quote(value))
}

// holds says whether the key signs in a namespace at a time.
func (s Signer) holds(namespace string, at time.Time) bool {
	return (len(s.Namespaces) == 0 || slices.Contains(s.Namespaces, namespace)) &&
		(s.After.IsZero() || !at.Before(s.After)) && (s.Before.IsZero() || !at.After(s.Before))
}
