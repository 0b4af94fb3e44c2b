// Package address says which addresses a secret may be sent to.
package address

import (
	"net"
	"net/url"
)

// Secret says what keeps text from being the address of a service that is sent a secret, and what would be right, with a
// semicolon between; "" is nothing. It repeats nothing of the text, which is often a secret itself.
func Secret(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return "is not an address; write https://HOST/PATH"
	case !Encrypted(u):
		return "is not encrypted, and whoever is on the way could read the secret; write https://, or http:// for a service on this machine"
	case u.User != nil:
		return "holds a user or password, which is not sent; remove it"
	case u.Fragment != "":
		return "goes on after #, which is not sent; remove what stands from there on"
	}
	return ""
}

// Encrypted says whether a call to u can be read by nobody on the way: it is https, or goes to this machine.
func Encrypted(u *url.URL) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return u.Scheme == "https" || host == "localhost" || ip != nil && ip.IsLoopback()
}
