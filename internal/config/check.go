package config

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// check reports what is written correctly and yet cannot be. Maps are walked in the order of their
// keys, so that the same file always gives the same text.
func (c *Config) check(doc *strictyaml.Document) {
	doc.Require("time_zone", "hosts")
	if !isZone(c.TimeZone) {
		doc.Fault("time_zone", "%s is not an IANA time zone; write one such as Europe/Vienna or UTC", strictyaml.Quote(c.TimeZone))
	}
	c.checkHosts(doc)
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		checkName(doc, "models."+name, name)
		checkModel(doc, "models."+name, c.Models[name])
	}
	checkGPU(doc, c.GPU)
	c.checkCommands(doc)
	c.checkPeople(doc)
	c.checkOncall(doc)
	c.checkOutside(doc)
	c.checkIngress(doc)
	c.checkSlack(doc)
	if doc.Has("prometheus.url") {
		checkURL(doc, "prometheus.url", c.Prometheus.URL)
	}
	for i, name := range c.Disabled {
		checkName(doc, fmt.Sprintf("disabled[%d]", i), name)
	}
}

var httpPath = regexp.MustCompile(`^/[!"$-~]*$`)

// maxVRAMMB is a terabyte, far above any GPU: whoever writes more has another unit in mind.
const maxVRAMMB = 1 << 20

func checkModel(doc *strictyaml.Document, at string, m Model) {
	if doc.Has(at) {
		doc.Require(at + ".vram_mb")
	}
	if m.VRAMMB < 1 || m.VRAMMB > maxVRAMMB {
		doc.Fault(at+".vram_mb", "%d is not the VRAM of a model; write it in MB, 1 to %d", m.VRAMMB, maxVRAMMB)
	}
	if m.Priority < 1 || m.Priority > 9 {
		doc.Fault(at+".priority", "%d is not a priority; write 1 to 9, 9 is kept longest", m.Priority)
	}
}

func checkGPU(doc *strictyaml.Document, g GPU) {
	for _, ratio := range []struct {
		key   string
		value float64
	}{{"headroom_ratio", g.HeadroomRatio}, {"warn_ratio", g.WarnRatio}} {
		if ratio.value < 0 || ratio.value >= 1 {
			doc.Fault("gpu."+ratio.key, "%g is not a share; write 0 or more and less than 1, such as 0.20", ratio.value)
		}
	}
	if doc.Sound("gpu") && g.WarnRatio < g.HeadroomRatio {
		at := "gpu.warn_ratio"
		if !doc.Has(at) {
			at = "gpu.headroom_ratio"
		}
		doc.Fault(at, "warn_ratio %g is below headroom_ratio %g; write warn_ratio: %g or more", g.WarnRatio, g.HeadroomRatio, g.HeadroomRatio)
	}
}

func checkPort(doc *strictyaml.Document, at string, port int) {
	if port < 1 || port > 65535 {
		doc.Fault(at, "%d is not a port; write 1 to 65535", port)
	}
}

func checkPath(doc *strictyaml.Document, at, path string) {
	if !httpPath.MatchString(path) {
		doc.Fault(at, "%s is not a path; write one that begins with / and has no spaces", strictyaml.Quote(path))
	}
}

func needPort(doc *strictyaml.Document, at, key string) {
	if !doc.Has(at + ".port") {
		doc.Fault(at+".port", "is missing; %s needs it", key)
	}
}

func checkName(doc *strictyaml.Document, at, name string) {
	if !strictyaml.IsName(name) {
		doc.Fault(at, "%s is not a name; %s", strictyaml.Quote(name), strictyaml.NameRule)
	}
}

// checkURL does not repeat the address, which may hold a secret from the environment.
func checkURL(doc *strictyaml.Document, at, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		doc.Fault(at, "is not an address; write http://HOST:PORT or https://HOST")
	case u.User != nil:
		doc.Fault(at, "holds a user or password, which would show in logs; remove it")
	case u.RawQuery != "" || u.Fragment != "":
		doc.Fault(at, "goes on after the path; remove what stands from ? or # on")
	}
}

// isZone leaves out what Go takes for a zone and other programs do not.
func isZone(name string) bool {
	if name == "" || strings.EqualFold(name, "local") {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}
