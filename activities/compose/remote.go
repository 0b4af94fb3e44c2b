package compose

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// remoteForm is what Compose would fetch: an address with a scheme, such as oci:// or https://, a git
// repository reached by ssh, and one of GitHub without its scheme.
var remoteForm = regexp.MustCompile(`^(?:[a-zA-Z][a-zA-Z0-9+.-]*://|[\w.-]+@[\w.-]+:|github\.com/)`)

func remote(path string) bool { return remoteForm.MatchString(path) }

// notFetched refuses what is not on this machine: nobody has seen what an address would give tomorrow.
func notFetched(address string) error {
	return fmt.Errorf("%s is not on this machine, and evenkeel fetches no files; keep a copy beside the Compose file and name that instead", unsigned(address))
}

// unsigned takes the name and password of somebody out of an address.
func unsigned(address string) string {
	scheme, _, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	u, err := url.Parse(address)
	if err != nil {
		return scheme + "://…"
	}
	u.User, u.RawQuery = nil, ""
	return u.String()
}

// remoteFiles refuses the remote files that a Compose file draws in by include or extends.
type remoteFiles struct{}

// Accept says whether the file is remote.
func (remoteFiles) Accept(path string) bool { return remote(path) }

// Load refuses it.
func (remoteFiles) Load(_ context.Context, path string) (string, error) { return "", notFetched(path) }

// Dir is never asked, as nothing is loaded.
func (remoteFiles) Dir(string) string { return "" }
