package nginx

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"github.com/evenkeel/evenkeel/activities"
	"github.com/evenkeel/evenkeel/internal/nginxconf"
)

// mark begins every managed file. A file without it is a person's.
const mark = "# Managed by evenkeel"

func checkName(upstream string) error {
	if !nginxconf.IsUpstreamName(upstream) {
		return activities.Fail(activities.InvalidInput, fmt.Errorf("%q is not the name of an nginx upstream; %s", upstream, nginxconf.UpstreamNameRule))
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
