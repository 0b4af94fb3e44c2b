package nginx

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/activities"
)

// mark begins every managed file. A file without it is a person's.
const mark = "# Managed by evenkeel"

// nameRule is Compose's for services, whose names upstreams usually have; without a dot in front, which
// would hide the file. The length keeps the file name and the zone name short.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)

func checkName(upstream string) error {
	if !nameRule.MatchString(upstream) || strings.Contains(upstream, "..") {
		return activities.Fail(activities.InvalidInput, fmt.Errorf(
			"upstream %q: a name is made of letters, digits and . _ - and has at most 100 of them, none of . and - in front and no two dots in a row", upstream))
	}
	return nil
}

// render writes an upstream.
//
// The zone makes least_conn count over all workers instead of within each; 1 MB holds a thousand
// members. max_fails=0 because nginx would otherwise keep a replica out for 10 seconds after one
// slow answer and, with all of them out, refuse everybody: evenkeel watches health itself, and a
// connection that a dead replica refuses goes on to the next member anyway.
//
// nginx refuses an upstream without a server. One that is marked down is never asked: every request
// gets a 502 at once.
func render(upstream string, servers []string) ([]byte, error) {
	if err := checkName(upstream); err != nil {
		return nil, err
	}
	sorted, err := addresses(servers)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: do not edit, the next change of the replicas replaces this file.\n", mark)
	fmt.Fprintf(&b, "upstream %s {\n    zone evenkeel_%s 1m;\n    least_conn;\n", upstream, upstream)
	for _, member := range sorted {
		fmt.Fprintf(&b, "    server %s max_fails=0;\n", member)
	}
	if len(sorted) == 0 {
		b.WriteString("    server 127.0.0.1:9 down; # no replica gets traffic\n")
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// addresses checks, sorts and compacts members, so that equal sets make equal files. Only IP
// addresses are taken: nginx looks a host name up once and would stay with what it found.
func addresses(servers []string) ([]netip.AddrPort, error) {
	var out []netip.AddrPort
	for _, server := range servers {
		a, err := netip.ParseAddrPort(server)
		if err != nil || a.Port() == 0 || a.Addr().Zone() != "" {
			return nil, activities.Fail(activities.InvalidInput, fmt.Errorf("server %q is not an IP address with a port", server))
		}
		out = append(out, a)
	}
	slices.SortFunc(out, netip.AddrPort.Compare)
	return slices.Compact(out), nil
}

// members reads the servers out of a managed file.
func members(text []byte) []string {
	var out []string
	for line := range bytes.Lines(text) {
		if fields := bytes.Fields(line); len(fields) == 3 && string(fields[0]) == "server" && string(fields[2]) == "max_fails=0;" {
			out = append(out, string(fields[1]))
		}
	}
	return out
}

func managed(text []byte) bool { return bytes.HasPrefix(text, []byte(mark)) }
