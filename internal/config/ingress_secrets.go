package config

import (
	"fmt"
	"maps"
	"os"
	"slices"
)

// IngressSecrets are what senders prove themselves by.
type IngressSecrets struct {
	// Token is the bearer token of Alertmanager; empty where none may start anything.
	Token string
	// Hooks are the keys of the hooks by name.
	Hooks map[string]string
}

// IngressSecrets reads the secrets of Ingress. The error has the place of the field whose file is no secret, and repeats
// nothing of it.
func (c *Config) IngressSecrets() (IngressSecrets, error) {
	all := IngressSecrets{Hooks: map[string]string{}}
	var err error
	if a := c.Ingress.Alertmanager; a != nil {
		if all.Token, err = readShared(a.TokenFile); err != nil {
			return IngressSecrets{}, c.Fault("ingress.alertmanager.token_file", "%v", err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Ingress.Hooks)) {
		if all.Hooks[name], err = readShared(c.Ingress.Hooks[name].SecretFile); err != nil {
			return IngressSecrets{}, c.Fault("ingress.hooks."+name+".secret_file", "%v", err)
		}
	}
	return all, nil
}

// minSecret is the least that a secret which anybody on a network may guess at has, in bytes.
const minSecret = 16

// readShared reads a secret that this host shares with a sender. One that everybody here may read or that others may
// write is refused: it could be anybody's by now.
func readShared(file string) (string, error) {
	text, err := ReadSecret(file)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return "", err
	case info.Mode().Perm()&foreign != 0:
		return "", fmt.Errorf("%s may be read or written by others (mode %04o); put a new secret into it, and chmod 0600 it", file, info.Mode().Perm())
	case len(text) < minSecret:
		return "", fmt.Errorf("%s has %d bytes; write at least %d, such as openssl rand -hex 32 prints", file, len(text), minSecret)
	}
	return text, nil
}
