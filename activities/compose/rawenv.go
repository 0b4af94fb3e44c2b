package compose

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

// Compose registers the format `raw` of env_file with the library and does not bring it along.
func init() { dotenv.RegisterFormat("raw", rawEnv) }

// rawEnv reads NAME=value lines as `docker run --env-file` does: the value is the rest of the line as it
// stands. A NAME alone takes the value that lookup has, and is left out where it has none.
func rawEnv(r io.Reader, filename string, vars map[string]string, lookup func(string) (string, bool)) error {
	wrong := func(line int, what string) error {
		return fmt.Errorf("failed to read %s: line %d: %w", filename, line, errors.New(what))
	}
	scanner := bufio.NewScanner(r)
	for n := 1; scanner.Scan(); n++ {
		text := scanner.Bytes()
		if !utf8.Valid(text) {
			return wrong(n, "it is not UTF-8")
		}
		if n == 1 {
			text = bytes.TrimPrefix(text, []byte("\ufeff"))
		}
		line := strings.TrimLeftFunc(string(text), unicode.IsSpace)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		switch {
		case name == "":
			return wrong(n, "it has no name")
		case strings.ContainsAny(name, " \t"):
			return wrong(n, "its name holds a space")
		case !ok && lookup != nil:
			value, ok = lookup(name)
		}
		if ok {
			vars[name] = value
		}
	}
	return scanner.Err()
}
