package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Write returns the text of an evenkeel.yaml that Load accepts, with comments, as long as the names in
// it are such that Load accepts them. A key that is switched off stands right behind its #, a remark
// behind a # and a space.
func Write(found Found) []byte {
	var p page
	p.text(fileHead)
	p.line(0, "time_zone: "+scalar(found.TimeZone), "")
	p.text(hostsHead)
	p.line(0, "hosts:", "")
	p.line(1, scalar(found.Host)+":", "")
	p.line(2, "projects:", "")
	for i, project := range found.Projects {
		p.project(project, i == 0)
	}
	p.text(optional)
	p.people(found)
	p.text(optionalBehind)
	return []byte(p.b.String())
}

// page is a YAML text that grows line by line.
type page struct{ b strings.Builder }

// people writes the person who looks after this host, where one is known by a name that the file may have.
func (p *page) people(found Found) {
	own := found.Person + "@" + found.Host
	if !strictyaml.IsName(found.Person) || !account.MatchString(own) {
		p.text(noPeople)
		return
	}
	p.text(peopleHead)
	p.line(0, "people:", "")
	p.line(1, scalar(found.Person)+": {host: ["+scalar(own)+"]}", "")
	p.line(0, "groups:", "")
	p.line(1, "oncall: ["+scalar(found.Person)+"]", "")
	p.line(1, "sre: ["+scalar(found.Person)+"]", "")
}

func (p *page) text(text string) { p.b.WriteString(text) }

// line writes one line at a depth of indentation, with where its value comes from.
func (p *page) line(depth int, text, from string) {
	p.b.WriteString(strings.Repeat("  ", depth) + text)
	if from != "" {
		p.b.WriteString(" # " + remark(from))
	}
	p.b.WriteByte('\n')
}

func (p *page) remarks(depth int, remarks ...string) {
	for _, r := range remarks {
		p.line(depth, "# "+remark(r), "")
	}
}

// project writes one project; the first one explains what all have.
func (p *page) project(project FoundProject, first bool) {
	const depth = 4
	p.remarks(depth-1, project.Remarks...)
	p.line(depth-1, scalar(project.Name)+":", "")
	p.line(depth, "directory: "+path(project.Directory), project.DirectoryFrom)
	p.list(depth, "files", project.Files, path, project.FilesFrom)
	p.list(depth, "env_files", project.EnvFiles, path, project.EnvFilesFrom)
	p.list(depth, "profiles", project.Profiles, scalar, project.ProfilesFrom)
	if n := project.Nginx; n != nil {
		p.remarks(depth, n.Remarks...)
		p.line(depth, "nginx:", "")
		p.line(depth+1, "service: "+scalar(n.Service), n.ServiceFrom)
		p.line(depth+1, "upstreams: "+path(n.Upstreams), n.UpstreamsFrom)
	} else if first {
		p.text(noNginx)
	}
	if first {
		p.text(servicesHead)
	}
	services := "services:"
	if len(project.Services) == 0 {
		services += " {}"
	}
	p.line(depth, services, "")
	for _, service := range project.Services {
		p.service(depth+1, service)
	}
	if first {
		p.text(noAdmin)
	}
}

func (p *page) list(depth int, key string, values []string, form func(string) string, from string) {
	if len(values) == 0 {
		return
	}
	var items []string
	for _, v := range values {
		items = append(items, form(v))
	}
	p.line(depth, key+": ["+strings.Join(items, ", ")+"]", from)
}

func (p *page) service(depth int, s FoundService) {
	off := ""
	if s.CannotScale != "" {
		off = "#"
		p.remarks(depth, s.Name+cannotBeScaled+s.CannotScale)
	}
	p.remarks(depth, s.Remarks...)
	var keys []struct{ key, value string }
	add := func(key, value string) { keys = append(keys, struct{ key, value string }{key, value}) }
	if s.Service.Policy != "" {
		add("policy", scalar(s.Service.Policy))
	}
	if s.Service.Port > 0 {
		add("port", strconv.Itoa(s.Service.Port))
	}
	if s.Service.Ready != "" {
		add("ready", scalar(s.Service.Ready))
	}
	if s.Service.Upstream != "" {
		add("upstream", scalar(s.Service.Upstream))
	}
	if len(keys) == 0 {
		p.line(depth, off+scalar(s.Name)+": {}", "")
		return
	}
	p.line(depth, off+scalar(s.Name)+":", "")
	for _, k := range keys {
		p.line(depth+1, fmt.Sprintf("%s%s: %s", off, k.key, k.value), s.From[k.key])
	}
}

// plain is what YAML reads back as the same text without quotes, unless it is reserved.
var plain = regexp.MustCompile(`^[A-Za-z/_][A-Za-z0-9/._-]*$`)

// scalar quotes what YAML might not read back as the same text.
func scalar(s string) string {
	if plain.MatchString(s) && !reserved[strings.ToLower(s)] {
		return s
	}
	return strconv.Quote(s)
}

var reserved = map[string]bool{"true": true, "false": true, "null": true, "yes": true, "no": true, "on": true, "off": true, "y": true, "n": true}

// path writes a file name, in which a dollar would begin a variable.
func path(s string) string { return scalar(strings.ReplaceAll(s, "$", "$$")) }

// remark makes one line of a text that may hold names from anywhere: a comment ends at a line's end,
// and YAML refuses control characters even there.
func remark(text string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)), " ")
}
