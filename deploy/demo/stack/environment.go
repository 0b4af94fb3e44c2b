package stack

import (
	"os"
	"path/filepath"
	"strings"
)

// WriteEnvironment writes a file for a person's shell, which then finds the demo's starter and what it needs,
// and returns its path. Only the worker needs the product's token, so it is left out.
func (s *Stack) WriteEnvironment() (string, error) {
	var b strings.Builder
	for _, entry := range s.Env {
		name, value, _ := strings.Cut(entry, "=")
		if name != "EVENKEEL_ADMIN_TOKEN" {
			b.WriteString("export " + name + "=" + quote(value) + "\n")
		}
	}
	b.WriteString("export PATH=" + quote(filepath.Join(s.Root, "bin")) + `:"$PATH"` + "\n")
	file := filepath.Join(s.Dir, "env")
	return file, os.WriteFile(file, []byte(b.String()), 0o600)
}

// quote makes one word of a text, whatever it holds, for any POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
