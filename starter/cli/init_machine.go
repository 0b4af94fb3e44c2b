package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/textfile"
)

// timeZone returns the IANA name of this machine's zone, or UTC when nothing names one.
func timeZone(tz, file, link string) string {
	names := []string{strings.TrimPrefix(tz, ":")}
	if text, err := textfile.Read(file, textfile.Small); err == nil {
		names = append(names, strings.TrimSpace(string(text)))
	}
	if target, err := filepath.EvalSymlinks(link); err == nil {
		_, name, _ := strings.Cut(target, "/zoneinfo/")
		names = append(names, strings.TrimPrefix(name, "posix/"))
	}
	for _, name := range names {
		// Go would take these for a zone, and other programs do not.
		if name == "" || strings.EqualFold(name, "local") {
			continue
		}
		if _, err := time.LoadLocation(name); err == nil {
			return name
		}
	}
	return "UTC"
}

var noName = regexp.MustCompile(`[^a-z0-9._-]+`)

// machineName is the short name of this machine in the form that a host of the configuration has.
func machineName() string {
	name, err := os.Hostname()
	if err != nil {
		return "host"
	}
	return hostName(name)
}

func hostName(machine string) string {
	short, _, _ := strings.Cut(strings.ToLower(machine), ".")
	name := strings.TrimLeft(noName.ReplaceAllString(short, "-"), "._-")
	if name == "" {
		return "host"
	}
	return name
}
