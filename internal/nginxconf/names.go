package nginxconf

import (
	"regexp"
	"strings"
)

// UpstreamNameRule says in words what IsUpstreamName accepts.
const UpstreamNameRule = "it has at most 100 letters, digits, '.', '_' and '-', begins with a letter, digit or '_', and has no two dots in a row"

// upstreamName is Compose's form for services, whose names upstreams usually have; without a dot in front, which
// would hide the file. The length keeps the names of file and zone short.
var upstreamName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)

// IsUpstreamName says whether an upstream of that name, and the file of it, can be written.
func IsUpstreamName(name string) bool {
	return upstreamName.MatchString(name) && !strings.Contains(name, "..")
}
