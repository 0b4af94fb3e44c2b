package config

import (
	"fmt"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

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
