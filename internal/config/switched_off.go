package config

import (
	"strings"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// cannotBeScaled stands between a service and the reason why Write switched it off.
const cannotBeScaled = " cannot be scaled: "

// switchedOff reads the reasons that Write has left in a file. Each belongs to the project above it.
func (c *Config) switchedOff(doc *strictyaml.Document, data []byte) {
	type place struct {
		host, project string
		line          int
	}
	var places []place
	for host, h := range c.Hosts {
		for project := range h.Projects {
			places = append(places, place{host, project, doc.Line("hosts." + host + ".projects." + project)})
		}
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		comment, isComment := strings.CutPrefix(strings.TrimSpace(line), "# ")
		service, why, isReason := strings.Cut(comment, cannotBeScaled)
		if !isComment || !isReason || strings.Contains(service, " ") {
			continue
		}
		above := place{}
		for _, p := range places {
			if p.line <= number && p.line > above.line {
				above = p
			}
		}
		project, known := c.Hosts[above.host].Projects[above.project]
		if _, on := project.Services[service]; !known || on {
			continue
		}
		if project.SwitchedOff == nil {
			project.SwitchedOff = map[string]string{}
		}
		project.SwitchedOff[service] = why
		c.Hosts[above.host].Projects[above.project] = project
	}
}
