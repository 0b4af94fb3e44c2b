package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// maxBody is far more than any page of the Web UI sends.
const maxBody = 4 << 20

// door stands before the pages of the Web UI. Whoever has a browser on this host also has pages of
// strangers in it; what these may not read, let alone do, is decided here and by nothing behind it.
type door struct {
	pages  http.Handler
	origin http.CrossOriginProtection
	// names are the hosts that the pages are served as, port the port that goes with them.
	names map[string]bool
	port  string
	// anyIP takes every IP address for a name: the pages are served on all of the host's.
	anyIP bool
	// url is where to go instead.
	url string
}

func newDoor(a Address, pages http.Handler) http.Handler {
	d := &door{
		pages: pages, port: strconv.Itoa(a.Port), url: "http://" + a.dial(),
		names: map[string]bool{loopback: true, "localhost": true, "::1": true},
	}
	if ip, err := netip.ParseAddr(a.IP); err == nil && ip.IsUnspecified() {
		d.anyIP = true
	} else {
		d.names[a.IP] = true
	}
	return http.MaxBytesHandler(d, maxBody)
}

// ServeHTTP lets through what looks, and comes from a page of our own or from no page at all.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case !d.known(r.Host):
		http.Error(w, fmt.Sprintf("the Web UI is not served as %.100q; open %s, or see --ip and --ui-port of evenkeel", r.Host, d.url), http.StatusForbidden)
		return
	case strings.HasPrefix(r.URL.Path, "/api/") && d.foreign(r):
		http.Error(w, "a page of another site may not ask the Web UI; open "+d.url, http.StatusForbidden)
		return
	case !looks(r):
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "the Web UI is for looking; act with starter", http.StatusMethodNotAllowed)
		return
	}
	// ui-server would hand them on to the Temporal server, which knows neither, or take one for another method.
	for _, name := range []string{"Authorization", "Authorization-Extras", "X-Http-Method-Override"} {
		r.Header.Del(name)
	}
	d.pages.ServeHTTP(w, r)
}

// known says whether the browser was told one of our names. A page whose own name was made to point
// here (DNS rebinding) is at home in its browser, and only that name gives it away. It cannot be done
// with an address.
func (d *door) known(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil { // a browser leaves the port out where it is the usual one
		host, port = strings.Trim(hostport, "[]"), "80"
	}
	if port != d.port {
		return false
	}
	_, err = netip.ParseAddr(host)
	return d.names[strings.ToLower(host)] || d.anyIP && err == nil
}

// foreign says whether a page of another site or port asks. Reads are held to the same rule as writes:
// the other page could not read the answer, but it has no business here either.
func (d *door) foreign(r *http.Request) bool {
	asWrite := r.WithContext(r.Context())
	asWrite.Method = http.MethodPost
	return d.origin.Check(asWrite) != nil
}

// looks says whether a request changes nothing. The one POST among them is a query, which shows a run's
// details. Its path is compared part by part, as it came: a run may be called anything.
func looks(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	case http.MethodPost:
		parts := strings.Split(r.URL.EscapedPath(), "/")
		return len(parts) == 9 && parts[1] == "api" && parts[2] == "v1" && parts[3] == "namespaces" && parts[5] == "workflows" && parts[7] == "query"
	}
	return false
}
