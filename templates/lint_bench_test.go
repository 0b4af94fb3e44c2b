package templates

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenkeel/evenkeel/internal/input"
)

// A thousand runbooks as large as those that ship, no two alike, from the disk.
func BenchmarkLint1000(b *testing.B) {
	set, err := Load("", nil)
	require.NoError(b, err)
	var texts []string
	inputs := map[string][]input.Field{}
	for _, d := range set.Runbooks() {
		data, err := os.ReadFile(filepath.Join("runbooks", d.Name+".yaml"))
		require.NoError(b, err)
		texts = append(texts, string(data))
		inputs[string(data)] = d.Inputs
	}
	dir, bytes := b.TempDir(), 0
	for n := range 1000 {
		text := texts[n%len(texts)]
		other := alike(text, fmt.Sprintf("x%d_", n), inputs[text])
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", n)), []byte(other), 0o600))
		bytes += len(other)
	}
	b.SetBytes(int64(bytes))
	before := cpu(b)
	for b.Loop() {
		found, err := Lint([]string{dir}, LintOptions{Today: today})
		require.NoError(b, err)
		require.Empty(b, found.Errors)
		require.Equal(b, 1000, found.Files)
	}
	b.ReportMetric((cpu(b)-before).Seconds()/float64(b.N), "cpu-s/op")
}

// alike is a runbook that shares neither its names nor its expressions with the other.
func alike(text, prefix string, inputs []input.Field) string {
	text = regexp.MustCompile(`(?m)^  name: `).ReplaceAllString(text, "  name: "+prefix)
	text = regexp.MustCompile(`(?m)^  aliases: \[`).ReplaceAllString(text, "  aliases: ["+prefix)
	for _, in := range inputs {
		text = strings.Replace(text, "\n  "+in.Name+":", "\n  "+prefix+in.Name+":", 1)
		text = regexp.MustCompile(`(inputs: \{|inputs: \{[^}]*, )`+in.Name+":").ReplaceAllString(text, "${1}"+prefix+in.Name+":")
	}
	return strings.ReplaceAll(text, "inputs.", "inputs."+prefix)
}

// cpu is the processor time that the process has taken: on a machine under load the clock says nothing.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
