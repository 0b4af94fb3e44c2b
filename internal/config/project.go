package config

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/evenkeel/evenkeel/internal/nginxconf"
	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Project is a Compose project of a host.
type Project struct {
	// Directory is where a person would run `docker compose`. Without Files, Compose's own search there
	// finds the files: compose.yaml with its override, COMPOSE_FILE and the rest of .env.
	Directory string `yaml:"directory"`
	// Files are what -f would name, EnvFiles what --env-file would, Profiles what --profile would; all
	// empty where Compose finds them by itself.
	Files    []string `yaml:"files"`
	EnvFiles []string `yaml:"env_files"`
	Profiles []string `yaml:"profiles"`
	// Services are the Compose services that evenkeel scales, by their Compose name.
	Services map[string]Service `yaml:"services"`
	// SwitchedOff are the reasons that stand, in the words of Write, above services that are written switched off,
	// by service.
	SwitchedOff map[string]string `yaml:"-"`
	// Nginx is the router of the project; nil when evenkeel manages none.
	Nginx *Nginx `yaml:"nginx"`
	Admin Admin  `yaml:"admin"`
}

// Nginx is a router whose upstreams evenkeel writes. It runs either as the container of Service, or
// on the host itself with Config and PIDFile.
type Nginx struct {
	// Service is the Compose service whose container is reloaded.
	Service string `yaml:"service"`
	// Config is the nginx.conf of an nginx on the host.
	Config string `yaml:"config"`
	// PIDFile is the pid file of an nginx on the host.
	PIDFile string `yaml:"pid_file"`
	// Upstreams is the folder on the host whose *.conf files nginx.conf includes.
	Upstreams string `yaml:"upstreams"`
}

// Service is a Compose service that evenkeel scales, and where its replicas answer.
type Service struct {
	// Policy names the ScalingPolicy; empty is the one of the service's own name, else default.
	Policy string `yaml:"policy"`
	// Port is the TCP port inside the container; 0 when the service answers no HTTP.
	Port int `yaml:"port"`
	// Ready, Health, Drain and Metrics are paths on that port; see scaling.Endpoint.
	Ready   string `yaml:"ready"`
	Health  string `yaml:"health"`
	Drain   string `yaml:"drain"`
	Metrics string `yaml:"metrics"`
	// InFlight is the gauge among the metrics that counts requests or tasks at work.
	InFlight string `yaml:"in_flight"`
	// Upstream is the nginx upstream that holds the replicas; empty for a queue consumer.
	Upstream string `yaml:"upstream"`
}

// Endpoint returns where the replicas of the service answer.
func (s Service) Endpoint() scaling.Endpoint {
	return scaling.Endpoint{
		Port: s.Port, Ready: s.Ready, Health: s.Health, Drain: s.Drain,
		Metrics: s.Metrics, InFlight: s.InFlight, Upstream: s.Upstream,
	}
}

// sameFiles says whether both would be made from the same Compose files.
func (p Project) sameFiles(other Project) bool {
	return p.Directory != "" && filepath.Clean(p.Directory) == filepath.Clean(other.Directory) && slices.Equal(p.Files, other.Files)
}

// projectName is the form of `docker compose -p`.
var projectName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

func (p *Project) check(doc *strictyaml.Document, at, name string) {
	if !projectName.MatchString(name) {
		doc.Fault(at, "%s is not the name of a Compose project; it has lower-case letters, digits, '_' and '-' and begins with a letter or digit", strictyaml.Quote(name))
	}
	doc.Require(at + ".directory")
	checkNginx(doc, at+".nginx", p.Nginx)
	upstreams := map[string]string{}
	for _, service := range slices.Sorted(maps.Keys(p.Services)) {
		where, s := at+".services."+service, p.Services[service]
		checkServiceName(doc, where, service)
		s.check(doc, where, p.Nginx != nil || !doc.Sound(at))
		if other, taken := upstreams[s.Upstream]; taken {
			doc.Fault(where+".upstream", "%s is the upstream of %s already; give each service one of its own", strictyaml.Quote(s.Upstream), other)
		} else if s.Upstream != "" {
			upstreams[s.Upstream] = service
		}
	}
	p.checkAdmin(doc, at+".admin", at+".services")
}

func checkNginx(doc *strictyaml.Document, at string, n *Nginx) {
	if n == nil {
		return
	}
	switch onHost := n.Config != "" || n.PIDFile != ""; {
	case !doc.Sound(at):
	case n.Service != "" && onHost:
		doc.Fault(at, "has both service and config or pid_file; write service for nginx in a container, else config and pid_file")
	case n.Service != "":
		checkServiceName(doc, at+".service", n.Service)
	case n.Config == "" || n.PIDFile == "":
		doc.Fault(at, "needs service for nginx in a container, or config and pid_file for nginx on the host")
	}
	doc.Require(at + ".upstreams")
}

var metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)

func (s Service) check(doc *strictyaml.Document, at string, router bool) {
	if s.Policy != "" {
		checkName(doc, at+".policy", s.Policy)
	}
	if doc.Has(at + ".port") {
		checkPort(doc, at+".port", s.Port)
	}
	for _, path := range []struct{ key, value string }{
		{"ready", s.Ready}, {"health", s.Health}, {"drain", s.Drain}, {"metrics", s.Metrics},
	} {
		if path.value == "" {
			continue
		}
		checkPath(doc, at+"."+path.key, path.value)
		needPort(doc, at, path.key)
	}
	if s.InFlight != "" && !metricName.MatchString(s.InFlight) {
		doc.Fault(at+".in_flight", "%s is not the name of a metric", strictyaml.Quote(s.InFlight))
	}
	if s.InFlight != "" && s.Metrics == "" {
		doc.Fault(at+".in_flight", "needs metrics, the path to read it from")
	}
	if s.Upstream == "" {
		return
	}
	needPort(doc, at, "upstream")
	if !nginxconf.IsUpstreamName(s.Upstream) {
		doc.Fault(at+".upstream", "%s is not the name of an nginx upstream; %s", strictyaml.Quote(s.Upstream), nginxconf.UpstreamNameRule)
	}
	if !router {
		doc.Fault(at+".upstream", "needs nginx, and the project has none; write it beside services")
	}
}

func checkServiceName(doc *strictyaml.Document, at, name string) {
	if !scaling.IsServiceName(name) {
		doc.Fault(at, "%s is not the name of a Compose service; %s", strictyaml.Quote(name), scaling.ServiceNameRule)
	}
}
