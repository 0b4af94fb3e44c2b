package message

import (
	"net/url"
	"regexp"
	"strings"
)

// Link leads to a page whose address begins with one of the configuration. The zero value leads nowhere and is not shown.
type Link struct{ text, url string }

// LinkTo makes a link of a text of ours, the address of a page from the configuration, and the steps of the path below
// it, which may come from anywhere: they cannot lead to another host. What is no http or https address leads nowhere.
func LinkTo(text, configured string, path ...string) Link {
	u, err := url.Parse(configured)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || !plainHost.MatchString(u.Host) {
		return Link{}
	}
	address := u.Scheme + "://" + u.Host + percent(u.EscapedPath(), unreserved+"%/+,;=:")
	for _, step := range path {
		address = strings.TrimRight(address, "/") + "/" + strict(step)
	}
	if u.RawQuery != "" {
		address += "?" + percent(u.RawQuery, unreserved+"%/+,;=:&?")
	}
	if len(address) > maxURL {
		return Link{}
	}
	return Link{text: text, url: address}
}

// plainHost is a host with or without a port.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]+$`)

// maxURL is how long an address is at most, in bytes; a body for Discord has 2,000 characters for all.
const maxURL = 600

// unreserved are the letters that an address has as they are, beside ASCII letters and digits.
const unreserved = "-."

// strict writes a step of a path with nothing in it that means anything. A step of dots would lead upwards.
func strict(step string) string {
	if strings.Trim(step, ".") == "" {
		return strings.Repeat("%2E", len(step))
	}
	return percent(step, unreserved)
}

// percent writes every byte that is not to be kept by its number: Slack, Markdown or a reader could take it for the end.
func percent(text, keep string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(keep, c) >= 0:
			out.WriteByte(c)
		default:
			out.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
		}
	}
	return out.String()
}
