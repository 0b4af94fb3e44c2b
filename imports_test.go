// Package evenkeel_test holds the rules of who may import whom.
package evenkeel_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/evenkeel/evenkeel/"

// allowed lists, for each part of the tree, what of our own it may import directly. A name covers
// the packages below it, except where it ends in "$". The longest matching part counts.
var allowed = map[string][]string{
	"internal":          {"internal"},
	"templates":         {"internal"},
	"activities$":       {"internal"},
	"activities":        {"activities$", "internal", "activities/dockerd/dockertest", "activities/ledger/ledgertest", "activities/outside"},
	"workflows":         {"activities$", "internal"},
	"worker$":           {"worker", "internal/config", "internal/reach", "internal/terminal"},
	"worker/app":        {"activities", "internal", "templates", "workflows", "worker"},
	"worker/connect":    {},
	"worker/promsdk":    {},
	"worker/gpuprobe":   {"internal"},
	"worker/gpumetrics": {"internal"},
	"worker/ingress":    {"internal/alert", "internal/identity", "internal/message", "internal/press", "internal/request"},
	"starter$":          {"starter"},
	"starter/cli":       {"activities$", "internal", "templates", "workflows", "worker/connect", "starter/backup", "activities/nvml", "activities/ledger", "activities/compose", "activities/nginx"},
	"starter/backup":    {"internal/textfile"},
	"deploy/demo":       {"deploy/demo", "activities/nvml/nvmltest", "activities/slackapi/slackfake"},
	"deploy/demo/load":  {},

	"activities/slackapi/slackfake": {},
	"activities/pager/pagerfake":    {},
}

// never lists what must not be reached from a program or package, however indirectly.
var never = map[string][]string{
	"./worker":           {"go.temporal.io/server", "github.com/NVIDIA/go-nvml"},
	"./starter":          {"go.temporal.io/server", "github.com/NVIDIA/go-nvml", "github.com/docker/docker", "github.com/slack-go/slack"},
	"./activities/nvml":  {"go.temporal.io/server", "github.com/NVIDIA/go-nvml"},
	"./internal/message": {"go.temporal.io", "github.com/slack-go/slack", "net/http", "os/exec"},
	"./workflows":        {"go.temporal.io/server", "github.com/NVIDIA/go-nvml", "github.com/docker/docker", "github.com/slack-go/slack"},

	// Else the stand-in has the mistakes of the client that is tested against it.
	"./activities/slackapi/slackfake": {"github.com/slack-go/slack", "go.temporal.io"},
}

// outside lists which libraries only one part may import directly.
var outside = map[string]string{
	"cel.dev/cel-go":                       "internal/condition",
	"github.com/docker/docker":             "activities/dockerd",
	"github.com/compose-spec/compose-go":   "activities/compose",
	"go.temporal.io/sdk/contrib/envconfig": "worker/connect",
	"github.com/prometheus/common":         "activities/httpprobe",
	"go.yaml.in/yaml":                      "internal/strictyaml activities/compose",
	"modernc.org/sqlite":                   "starter/backup activities/ledger",
	"github.com/jackc/pgx":                 "activities/ledger activities/handshake",
	"github.com/spf13/cobra":               "starter/cli worker",
	"github.com/prometheus/client_golang":  "worker deploy/demo/product",
	"github.com/NVIDIA/go-nvml":            "worker/gpuprobe",
	"github.com/slack-go/slack":            "activities/slackapi",
	"github.com/gorilla/websocket":         "activities/slackapi",
	"go.temporal.io/server":                "",
	"github.com/temporalio/ui-server":      "",
	"github.com/docker/compose":            "",
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	require.NoError(t, err)
	return strings.Fields(string(out))
}

func TestWhoMayImportWhom(t *testing.T) {
	for _, line := range list(t, "-f", `{{.ImportPath}}:{{join .Imports ","}}`, "./...") {
		pkg, imports, _ := strings.Cut(strings.TrimPrefix(line, module), ":")
		for imported := range strings.SplitSeq(imports, ",") {
			if own, ok := strings.CutPrefix(imported, module); ok {
				require.True(t, covers(allowed[part(t, pkg)], own), "%s must not import %s", pkg, own)
			}
			for library, owners := range outside {
				if imported == library || strings.HasPrefix(imported, library+"/") {
					require.True(t, covers(strings.Fields(owners), pkg), "%s must not import %s, which only %q may", pkg, imported, owners)
				}
			}
		}
	}
}

func TestWhatIsNeverReached(t *testing.T) {
	for pkg, forbidden := range never {
		for _, reached := range list(t, "-deps", pkg) {
			for _, prefix := range forbidden {
				require.False(t, strings.HasPrefix(reached, prefix), "%s reaches %s", pkg, reached)
			}
		}
	}
}

// part returns the entry of allowed that a package belongs to.
func part(t *testing.T, pkg string) string {
	t.Helper()
	if _, ok := allowed[pkg+"$"]; ok {
		return pkg + "$"
	}
	for prefix := pkg; prefix != ""; {
		if _, ok := allowed[prefix]; ok {
			return prefix
		}
		i := strings.LastIndex(prefix, "/")
		if i < 0 {
			break
		}
		prefix = prefix[:i]
	}
	require.Fail(t, "no rule says what "+pkg+" may import")
	return ""
}

func covers(names []string, pkg string) bool {
	for _, name := range names {
		exact, isExact := strings.CutSuffix(name, "$")
		if pkg == exact || !isExact && strings.HasPrefix(pkg, name+"/") {
			return true
		}
	}
	return false
}
