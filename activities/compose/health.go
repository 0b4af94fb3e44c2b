package compose

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/evenkeel/evenkeel/internal/scaling"
)

// healthCheck fills in what a health check says. One without a test only sets times for the image's own.
func healthCheck(out *scaling.Service, check *types.HealthCheckConfig) {
	if check == nil || check.Disable {
		return
	}
	if check.Interval != nil {
		out.HealthIntervalSeconds = seconds(*check.Interval)
	}
	if len(check.Test) == 0 || check.Test[0] == "NONE" {
		return
	}
	out.HealthCheck = true
	out.HealthPort, out.HealthPath = asks(strings.Join(check.Test, " "))
}

// What a check asks of its own container: a URL, or an address alone where a program that speaks HTTP is
// called.
var (
	atURL     = regexp.MustCompile(`http://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])(?::(\d+))?(/[^\s"'|;&)]*)?`)
	atAddress = regexp.MustCompile(`(?:curl|wget)\b[^|;&]*?[\s"'](?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d+)(/[^\s"'|;&)]*)?`)
)

func asks(test string) (port int, path string) {
	m := atURL.FindStringSubmatch(test)
	if m == nil {
		m = atAddress.FindStringSubmatch(test)
	}
	if m == nil {
		return 0, ""
	}
	port, path = 80, "/"
	if m[1] != "" {
		port, _ = strconv.Atoi(m[1])
	}
	if m[2] != "" {
		path = m[2]
	}
	if port < 1 || port > 65535 {
		return 0, ""
	}
	return port, path
}
