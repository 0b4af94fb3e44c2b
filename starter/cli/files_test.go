package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// What a name may lead to that is no file of text, and what is said of it.
var noFiles = map[string]struct {
	make func(path string) error
	want string
}{
	"a named pipe":     {func(path string) error { return unix.Mkfifo(path, 0o600) }, "is a named pipe, not a file"},
	"a device":         {func(path string) error { return os.Symlink("/dev/zero", path) }, "is a device, not a file"},
	"a folder":         {func(path string) error { return os.Mkdir(path, 0o700) }, "is a folder, not a file"},
	"a link to itself": {func(path string) error { return os.Symlink(path, path) }, "too many levels of symbolic links"},
	"10 MB":            {func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("a"), 10<<20), 0o600) }, ""},
	"binary": {func(path string) error {
		return os.WriteFile(path, []byte{0x7f, 'E', 'L', 'F', 0, 1, 0xff, 0x1b, '['}, 0o600)
	}, ""},
}

// readers are the commands that read a file whose name comes from a person or from the configuration.
var readers = map[string]func(dir, file string) []string{
	"--config":                 func(_, file string) []string { return []string{"scale", "app=2", "--config", file} },
	"--config, without a host": func(_, file string) []string { return []string{"runbook", "list", "--config", file} },
	"templates_dir": func(dir, _ string) []string {
		return []string{"runbook", "test", "--config", filepath.Join(dir, "own.yaml")}
	},
	"runbook lint":                 func(_, file string) []string { return []string{"runbook", "lint", file} },
	"runbook test":                 func(_, file string) []string { return []string{"runbook", "test", file} },
	"runbook plan":                 func(_, file string) []string { return []string{"runbook", "plan", file} },
	"audit verify --file":          func(_, file string) []string { return []string{"audit", "verify", "--file", file} },
	"audit list --ledger":          func(_, file string) []string { return []string{"audit", "list", "--ledger", "sqlite:" + file} },
	"audit list --ledger-dsn-file": func(_, file string) []string { return []string{"audit", "list", "--ledger-dsn-file", file} },
	"restore-backup":               func(_, file string) []string { return []string{"restore-backup", file} },
	"doctor":                       func(_, file string) []string { return []string{"doctor", "--config", file} },
	"doctor, the token":            func(dir, _ string) []string { return []string{"doctor", "--config", filepath.Join(dir, "token.yaml")} },
	"doctor, the DSN":              func(dir, _ string) []string { return []string{"doctor", "--config", filepath.Join(dir, "dsn.yaml")} },
	"doctor, a definition":         func(dir, _ string) []string { return []string{"doctor", "--config", filepath.Join(dir, "own.yaml")} },
	"doctor, the Compose file": func(dir, _ string) []string {
		return []string{"doctor", "--config", filepath.Join(dir, "compose.yaml")}
	},
}

// Whatever a name leads to, a command ends soon, says what it is, and shows nothing that a terminal would obey.
func TestEveryFileIsOneOfText(t *testing.T) {
	for kind, bad := range noFiles {
		for name, read := range readers {
			t.Run(name+", "+kind, func(t *testing.T) {
				dir := t.TempDir()
				file := filepath.Join(dir, "own", "file.yaml")
				require.NoError(t, os.Mkdir(filepath.Join(dir, "own"), 0o700))
				require.NoError(t, bad.make(file))
				if name == "runbook lint" && kind == "a folder" || name == "runbook test" && kind == "a folder" || strings.HasSuffix(name, "definition") && kind == "a folder" || name == "templates_dir" && kind == "a folder" {
					t.Skip("which is looked through")
				}
				for config, more := range map[string]string{
					"own":     "templates_dir: own",
					"token":   "hosts: {gpu1: {projects: {shop: {directory: own, admin: {token_file: own/file.yaml}}}}}",
					"dsn":     "ledger: {dsn_file: own/file.yaml}",
					"compose": "hosts: {gpu1: {projects: {shop: {directory: own, files: [file.yaml]}}}}",
				} {
					if !strings.HasPrefix(more, "hosts") {
						more += "\nhosts: {gpu1: {projects: {shop: {directory: own}}}}"
					}
					require.NoError(t, os.WriteFile(filepath.Join(dir, config+".yaml"), fmt.Appendf(nil, "apiVersion: evenkeel/v1\ntime_zone: UTC\n%s\n", more), 0o600))
				}
				t.Setenv("EVENKEEL_STATE", filepath.Join(dir, "state"))
				t.Setenv("EVENKEEL_CONFIG", "")
				t.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
				t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, "docker.sock"))
				t.Chdir(dir)
				var out, errs bytes.Buffer
				begun := time.Now()
				code := Execute(t.Context(), Streams{Out: &out, Err: &errs}, read(dir, file))
				require.Less(t, time.Since(begun), 20*time.Second)
				said := out.String() + errs.String()
				require.NotEqual(t, exitDone, code, said)
				if name != "runbook plan" || kind != "binary" { // which the worker reads
					require.Contains(t, said, "file.yaml")
				}
				require.Contains(t, said, bad.want)
				require.NotContains(t, said, "\x1b")
			})
		}
	}
}
