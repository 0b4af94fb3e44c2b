package config

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evenkeel/evenkeel/internal/address"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// secret returns what the variable of the environment holds, else the text of the file that the field
// of the configuration names, else "".
func secret(variable, field, file string) (string, error) {
	if text := os.Getenv(variable); variable != "" && text != "" {
		return text, nil
	}
	if file == "" {
		return "", nil
	}
	text, err := ReadSecret(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	return text, nil
}

// ReadSecret returns the one line of text that a file holds, a token or a DSN. It repeats nothing of it in an error.
func ReadSecret(file string) (string, error) {
	data, err := textfile.Read(file, textfile.Small)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(data))
	switch {
	case text == "":
		return "", fmt.Errorf("%s is empty", file)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", fmt.Errorf("%s is not one line of text", file)
	}
	return text, nil
}

// foreign are the bits of a file's mode by which it may be others' by now: any user of the host may do something with
// it, or a group may write it.
const foreign = 0o027

// private returns the one line of text that the file of a field holds, which only its owner and its group may read. Its
// error has the place of the field.
func (c *Config) private(field, file string) (string, error) {
	info, err := os.Stat(file)
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&foreign != 0 {
		return "", c.Fault(field, "%s is open to others (mode %04o); take that away with chmod g-w,o= %s", file, info.Mode().Perm(), file)
	}
	text, err := ReadSecret(file)
	if err != nil {
		return "", c.Fault(field, "%v; write the secret into it as one line", err)
	}
	return text, nil
}

// privateAddress is private for a file that holds the address of a service, https or on this machine.
func (c *Config) privateAddress(field, file string) (string, error) {
	text, err := c.private(field, file)
	if err != nil {
		return "", err
	}
	if fault := address.Secret(text); fault != "" {
		return "", c.Fault(field, "the text of %s %s", file, fault)
	}
	return text, nil
}
