// Package config reads evenkeel.yaml, which says what one installation of evenkeel operates: its
// hosts, services and the systems beside them.
package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evenkeel/evenkeel/internal/scaling"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Config is one installation's evenkeel.yaml. All its file names are absolute: a relative one is
// taken from the folder of the file.
type Config struct {
	// Path is the absolute path of the file that the configuration was read from.
	Path string `yaml:"-"`
	// TimeZone is the IANA name of the zone of business dates and schedules.
	TimeZone string `yaml:"time_zone"`
	// Hosts are the machines with a Docker engine, by name; at least one.
	Hosts map[string]Host `yaml:"hosts"`
	// Services are the Compose services that evenkeel scales, by their Compose name.
	Services map[string]Service `yaml:"services"`
	// Models are the models that are planned on the GPUs, by name; see Default.
	Models     map[string]Model `yaml:"models"`
	GPU        GPU              `yaml:"gpu"`
	Prometheus Prometheus       `yaml:"prometheus"`
	Admin      Admin            `yaml:"admin"`
	Ledger     Ledger           `yaml:"ledger"`
	// Commands are the programs that runbooks may run, by name.
	Commands map[string]Command `yaml:"commands"`
	// Groups are people, by the group's name: see Approvals and the groups of a runbook's gates.
	Groups    map[string][]string `yaml:"groups"`
	Approvals Approvals           `yaml:"approvals"`
	// TemplatesDir holds definitions that replace embedded ones; empty when there are none.
	TemplatesDir string `yaml:"templates_dir"`
	// Disabled are the names of definitions to leave out.
	Disabled []string `yaml:"disabled"`
}

// Host is a machine with a Docker engine.
type Host struct {
	Compose Compose `yaml:"compose"`
	// Nginx is the router of the host; nil when evenkeel manages none.
	Nginx *Nginx `yaml:"nginx"`
}

// Compose is the Compose project of a host.
type Compose struct {
	Project string `yaml:"project"`
	// File is the Compose file.
	File string `yaml:"file"`
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
	// Policy names the ScalingPolicy; Load sets the service's own name when the file has none.
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

// Model is a model and what it needs.
type Model struct {
	// VRAMMB is the VRAM that it takes once it is loaded, in MB of 2^20 bytes.
	VRAMMB int64 `yaml:"vram_mb"`
	// Priority is 1 to 9; 9 is kept longest. Load sets 5 when the file has none.
	Priority int `yaml:"priority"`
}

// GPU is how the VRAM of every GPU may be used.
type GPU struct {
	// HeadroomRatio is the share of a GPU's total that stays free, 0 or more and less than 1.
	HeadroomRatio float64 `yaml:"headroom_ratio"`
	// WarnRatio is the free share below which a person is warned, HeadroomRatio or more.
	WarnRatio float64 `yaml:"warn_ratio"`
	// Offload plans models that fit on no GPU on the CPU.
	Offload bool `yaml:"offload"`
}

// Default is what holds where evenkeel.yaml says nothing: the models and the rules of VRAM.
func Default() *Config {
	return &Config{
		Models: map[string]Model{
			"qwen_32b":   {VRAMMB: 16000, Priority: 9},
			"mistral_7b": {VRAMMB: 4000, Priority: 7},
			"llama3_8b":  {VRAMMB: 5000, Priority: 5},
		},
		GPU: GPU{HeadroomRatio: 0.20, WarnRatio: 0.25},
	}
}

// defaultPriority is in the middle.
const defaultPriority = 5

// Prometheus is the server that is asked for measurements.
type Prometheus struct {
	// URL is its address; empty when there is none.
	URL string `yaml:"url"`
}

// Endpoint returns where the replicas of the service answer.
func (s Service) Endpoint() scaling.Endpoint {
	return scaling.Endpoint{
		Port: s.Port, Ready: s.Ready, Health: s.Health, Drain: s.Drain,
		Metrics: s.Metrics, InFlight: s.InFlight, Upstream: s.Upstream,
	}
}

// Host returns the host of that name. An empty name means the only host of the configuration or,
// among several, the one that has this machine's short name in lower case.
func (c *Config) Host(name string) (string, Host, error) {
	known := slices.Sorted(maps.Keys(c.Hosts))
	if name == "" && len(known) == 1 {
		name = known[0]
	} else if name == "" {
		machine, err := os.Hostname()
		if err != nil {
			return "", Host{}, fmt.Errorf("this machine's name: %w", err)
		}
		machine, _, _ = strings.Cut(machine, ".")
		name = strings.ToLower(machine)
	}
	host, ok := c.Hosts[name]
	if !ok {
		return "", Host{}, fmt.Errorf("%s has no host %q; its hosts are %s", c.Path, name, strings.Join(known, ", "))
	}
	return name, host, nil
}

// Load reads the configuration. explicit is the --config flag; when it is empty the file is looked
// for in $EVENKEEL_CONFIG, ./evenkeel.yaml and /etc/evenkeel/evenkeel.yaml, and the first one found
// counts alone. The error is a *NotFoundError, strictyaml.Errors, or that of reading the file.
func Load(explicit string) (*Config, error) {
	found, err := find(explicit)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(found)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	path, err := filepath.Abs(found)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return parse(found, path, data)
}

// file is evenkeel.yaml as it is written.
type file struct {
	APIVersion string `yaml:"apiVersion"`
	Config     `yaml:",inline"`
}

// parse reads the text of a configuration that lies at path and is called shown in faults.
func parse(shown, path string, data []byte) (*Config, error) {
	doc, err := strictyaml.Parse(shown, data)
	if err != nil {
		return nil, err
	}
	f := file{Config: *Default()}
	f.Path = path
	doc.Decode(&f)
	doc.CheckVersion()
	for name, model := range f.Models {
		if at := "models." + name; doc.Has(at) && !doc.Has(at+".priority") {
			model.Priority = defaultPriority
			f.Models[name] = model
		}
	}
	f.expand(doc)
	f.check(doc)
	if err := doc.Err(); err != nil {
		return nil, err
	}
	for name, service := range f.Services {
		if service.Policy == "" {
			service.Policy = name
			f.Services[name] = service
		}
	}
	return &f.Config, nil
}
