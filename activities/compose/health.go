package compose

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// healthCheck fills in what a health check says. One without a test only sets times for the image's own.
func healthCheck(out *scaling.Service, check *types.HealthCheckConfig, environment types.MappingWithEquals) {
	if check == nil || check.Disable {
		return
	}
	if check.Interval != nil {
		out.HealthIntervalSeconds = seconds(*check.Interval)
	}
	if check.StartInterval != nil && check.StartPeriod != nil {
		out.HealthIntervalSeconds = seconds(*check.StartInterval)
	}
	if len(check.Test) == 0 || check.Test[0] == "NONE" {
		return
	}
	out.HealthCheck = true
	out.HealthPort, out.HealthPath = Asks(check.Test, environment)
}

// Asks returns what the test of a health check asks of its own container over HTTP: the port, 0 where that is
// not certain, and the path, empty unless a plain GET of it answers well whenever the test succeeds. A port may be
// a variable of environment; no other value of it is ever returned.
func Asks(test []string, environment map[string]*string) (port int, path string) {
	var calls []call
	switch {
	case len(test) < 2:
		return 0, ""
	case test[0] == "CMD-SHELL":
		calls = script(test[1])
	case test[0] == "CMD" && len(test) > 3 && isShell(test[1]) && test[2] == "-c":
		calls = script(test[3])
	default:
		// Without a shell a dollar stays a dollar.
		calls, environment = []call{{words: test[1:]}}, nil
	}
	for _, c := range calls {
		for _, word := range c.words {
			text, ok := c.address(word)
			if !ok {
				continue
			}
			// What is to fail says nothing of a port, and what a variable hides is not guessed.
			if c.negated {
				return 0, ""
			}
			port, path = taken(text, environment)
			if port == 0 || !c.plainGET(word) {
				path = ""
			}
			return port, path
		}
	}
	return 0, ""
}

func isShell(program string) bool {
	return slices.Contains([]string{"sh", "bash", "ash", "dash"}, path.Base(program))
}

var (
	// schemed finds a URL within a word, and whole is all that one of the own container may be.
	schemed = regexp.MustCompile("http://[^\\s\"'`)]*")
	whole   = regexp.MustCompile(`^(http://)?(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d+|\$[A-Za-z_]\w*|\$\{[A-Za-z_]\w*(?::?-\d+)?\}))?([/?#].*)?$`)
)

// address returns the URL in a word. Without a scheme it is one only for a program that speaks HTTP by itself, and
// only with a port or a path.
func (c call) address(word string) (string, bool) {
	if url := schemed.FindString(word); url != "" {
		return url, whole.MatchString(url) || ownHost.MatchString(url)
	}
	if m := whole.FindStringSubmatch(word); m != nil && c.program() != "" && m[2]+m[3] != "" {
		return word, true
	}
	return "", false
}

// ownHost is the beginning of a URL of the own container, whatever stands behind it.
var ownHost = regexp.MustCompile(`^http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])`)

// taken takes a URL apart.
func taken(url string, environment map[string]*string) (port int, path string) {
	m := whole.FindStringSubmatch(url)
	if m == nil {
		return 0, ""
	}
	port = 80
	if m[2] != "" {
		port, _ = strconv.Atoi(resolved(m[2], environment))
	}
	if port < 1 || port > 65535 {
		return 0, ""
	}
	path, _, _ = strings.Cut(m[3], "#")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	if strings.Contains(path, "$") {
		path = ""
	}
	return port, path
}

var variable = regexp.MustCompile(`^\$\{?(\w+)(?:(:?)-(\d+))?\}?$`)

// resolved returns the number that a port is, also as $NAME, ${NAME} and ${NAME:-8080}. A variable that the service
// does not set may be set by its image: it stays unknown.
func resolved(text string, environment map[string]*string) string {
	m := variable.FindStringSubmatch(text)
	if m == nil || !strings.HasPrefix(text, "$") {
		return text
	}
	switch value := environment[m[1]]; {
	case value == nil:
		return ""
	case *value == "" && m[2] == ":":
		return m[3]
	default:
		return *value
	}
}
