package config

import (
	"fmt"
	"os"
	"strings"

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
	data, err := textfile.Read(file, textfile.Small)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	text := strings.TrimSpace(string(data))
	if text == "" {
		return "", fmt.Errorf("%s: %s is empty", field, file)
	}
	return text, nil
}
