// Package config reads evenkeel.yaml, which says what one installation of evenkeel operates: its
// hosts, services and the systems beside them.
package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/evenkeel/evenkeel/internal/identity"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
	"github.com/evenkeel/evenkeel/internal/textfile"
)

// Config is one installation's evenkeel.yaml. All its file names are absolute: a relative one is
// taken from the folder of the file.
type Config struct {
	// Path is the absolute path of the file that the configuration was read from.
	Path string `yaml:"-"`
	// SHA256 is the SHA-256 of the bytes of that file, in hexadecimal digits.
	SHA256 string `yaml:"-"`
	// TimeZone is the IANA name of the zone of business dates and schedules.
	TimeZone string `yaml:"time_zone"`
	// Hosts are the machines with a Docker engine, by name; at least one.
	Hosts map[string]Host `yaml:"hosts"`
	// Models are the models that are planned on the GPUs, by name; see Default.
	Models     map[string]Model `yaml:"models"`
	GPU        GPU              `yaml:"gpu"`
	Prometheus Prometheus       `yaml:"prometheus"`
	Ledger     Ledger           `yaml:"ledger"`
	// Commands are the programs that runbooks may run, by name.
	Commands map[string]Command `yaml:"commands"`
	// People are persons with all their accounts, by name: who has several is one person where persons are counted.
	People identity.People `yaml:"people"`
	// Groups are names of People or patterns of accounts, by the group's name: see Approvals and the groups of a
	// runbook's gates.
	// With a rota, Load adds each oncall.Role.Group, whose one member has the same name.
	Groups    map[string][]string `yaml:"groups"`
	Approvals Approvals           `yaml:"approvals"`
	Identity  Identity            `yaml:"identity"`
	// Oncall is the rota of who is on call; nil where there is none.
	Oncall *Oncall `yaml:"oncall"`
	// Paging is who wakes people up, ChatWebhook a chat that is only posted to, and Heartbeat who notices that a worker is
	// not ready; each is nil where there is none.
	Paging      *Paging      `yaml:"paging"`
	ChatWebhook *ChatWebhook `yaml:"chat_webhook"`
	Heartbeat   *Heartbeat   `yaml:"heartbeat"`
	// Ingress is what may start runs from outside; its Listen is empty where nothing may.
	Ingress Ingress `yaml:"ingress"`
	// Slack is where people are told what runs have to say; nil where they are not.
	Slack *Slack `yaml:"slack"`
	// TemplatesDir holds definitions that replace embedded ones; empty when there are none.
	TemplatesDir string `yaml:"templates_dir"`
	// Disabled are the names of definitions to leave out.
	Disabled []string `yaml:"disabled"`

	// doc knows where each field stands; nil where there is no file.
	doc *strictyaml.Document
}

// Fault is the error of a field that is seen to be wrong only when what it names is looked at, with its place in the
// file. A semicolon stands before what would be right.
func (c *Config) Fault(field, format string, args ...any) error {
	if c.doc == nil {
		return fmt.Errorf("%s: %s: %s", c.Path, field, fmt.Sprintf(format, args...))
	}
	return c.doc.NewFault(field, format, args...)
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

// Load reads the configuration. explicit is the --config flag; when it is empty the file is looked
// for in $EVENKEEL_CONFIG, ./evenkeel.yaml and /etc/evenkeel/evenkeel.yaml, and the first one found
// counts alone. The error is a *NotFoundError, strictyaml.Errors, or that of reading the file.
func Load(explicit string) (*Config, error) {
	found, err := find(explicit)
	if err != nil {
		return nil, err
	}
	data, err := textfile.Read(found, strictyaml.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	path, err := filepath.Abs(found)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	c, err := parse(found, path, data)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	c.SHA256 = hex.EncodeToString(sum[:])
	return c, nil
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
	f.switchedOff(doc, data)
	f.doc = doc
	return &f.Config, nil
}
