package config

import (
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/internal/jsonpath"
	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// Ingress is what may come in from outside: an Alertmanager, senders of signed hooks, and what Slack sends by HTTP.
type Ingress struct {
	// Listen is ADDRESS:PORT, of one network; empty is nowhere, and nothing comes in.
	Listen string `yaml:"listen"`
	// Hosts are the hosts whose workers listen, and whose word for what they let in counts on all. Load sets the only host.
	Hosts []string `yaml:"hosts"`
	// Alertmanager is nil where none may start anything.
	Alertmanager *Alertmanager `yaml:"alertmanager"`
	// Hooks are the senders by name, which is the last part of their path.
	Hooks map[string]Hook `yaml:"hooks"`
}

// Alertmanager is whose alerts start runbooks.
type Alertmanager struct {
	// TokenFile holds the bearer token that it sends.
	TokenFile string `yaml:"token_file"`
	// HostLabel and ProjectLabel are the labels of an alert that name the host and the project; Load sets host and project.
	HostLabel    string `yaml:"host_label"`
	ProjectLabel string `yaml:"project_label"`
}

// Hook is a sender of signed deliveries, each of which starts one runbook.
type Hook struct {
	// SecretFile holds the key of the HMAC-SHA256 over each delivery.
	SecretFile string `yaml:"secret_file"`
	Runbook    string `yaml:"runbook"`
	// Host may be empty where there is one, Project where its host has one or the runbook is about the host.
	Host    string `yaml:"host"`
	Project string `yaml:"project"`
	// Inputs say where in the body each input lies; no other can be given.
	Inputs map[string]jsonpath.Path `yaml:"inputs"`
}

// AlertmanagerHook is the last part of the path to which an Alertmanager sends; no hook has that name.
const AlertmanagerHook = "alertmanager"

var alertLabel = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Listens says whether the worker of a host takes in what comes from outside.
func (c *Config) Listens(host string) bool {
	return c.Ingress.Listen != "" && slices.Contains(c.Ingress.Hosts, host)
}

// checkIngress also fills in what the file leaves to the defaults.
func (c *Config) checkIngress(doc *strictyaml.Document) {
	if !doc.Has("ingress") {
		return
	}
	in := &c.Ingress
	if doc.Has("ingress.listen") && !isListen(in.Listen) {
		doc.Fault("ingress.listen", "%s is no address to listen on; write the ADDRESS:PORT of one network of this host, such as 127.0.0.1:9465", strictyaml.Quote(in.Listen))
	}
	hosts := slices.Sorted(maps.Keys(c.Hosts))
	switch {
	case !doc.Has("ingress.hosts") && len(hosts) == 1:
		in.Hosts = hosts
	case len(in.Hosts) == 0 && doc.Sound("hosts"):
		doc.Fault("ingress.hosts", "names no host; write those whose workers listen, such as [%s]", slices.Concat(hosts, []string{"gpu-1"})[0])
	}
	for i, name := range in.Hosts {
		c.checkHostName(doc, index("ingress.hosts", i), name)
	}
	if in.Listen != "" && in.Alertmanager == nil && len(in.Hooks) == 0 && (c.Slack == nil || !c.Slack.byHTTP()) {
		doc.Fault("ingress.listen", "nothing may come in there; write alertmanager, hooks or slack.signing_secret_file, or remove the line")
	}
	in.Alertmanager.check(doc)
	for _, name := range slices.Sorted(maps.Keys(in.Hooks)) {
		c.checkHook(doc, "ingress.hooks."+name, name, in.Hooks[name])
	}
}

func (a *Alertmanager) check(doc *strictyaml.Document) {
	if a == nil {
		return
	}
	doc.Require("ingress.alertmanager.token_file")
	for _, of := range []struct {
		key   string
		value *string
	}{{"host", &a.HostLabel}, {"project", &a.ProjectLabel}} {
		at := "ingress.alertmanager." + of.key + "_label"
		switch {
		case !doc.Has(at):
			*of.value = of.key
		case !alertLabel.MatchString(*of.value):
			doc.Fault(at, "%s is no label of an alert; write letters, digits and '_'", strictyaml.Quote(*of.value))
		}
	}
	if doc.Sound("ingress.alertmanager") && a.HostLabel == a.ProjectLabel {
		doc.Fault("ingress.alertmanager.project_label", "%s is the label of the host already; each has one of its own", strictyaml.Quote(a.ProjectLabel))
	}
}

func (c *Config) checkHook(doc *strictyaml.Document, at, name string, h Hook) {
	checkName(doc, at, name)
	if name == AlertmanagerHook {
		doc.Fault(at, "is the path of Alertmanager; give the hook another name")
	}
	doc.Require(at+".secret_file", at+".runbook")
	if doc.Has(at + ".runbook") {
		checkName(doc, at+".runbook", h.Runbook)
	}
	host, hosts := h.Host, slices.Sorted(maps.Keys(c.Hosts))
	if host == "" && len(hosts) > 1 {
		doc.Fault(at+".host", "is missing; the hosts are %s", strings.Join(hosts, ", "))
		return
	}
	if host == "" && len(hosts) == 1 {
		host = hosts[0]
	}
	if !c.checkHostName(doc, at+".host", host) {
		return
	}
	known := c.Hosts[host].Names()
	if h.Project != "" && !slices.Contains(known, h.Project) && doc.Sound("hosts") {
		doc.Fault(at+".project", "the host %s has no project %s; %s", host, strictyaml.Quote(h.Project), strictyaml.Instead(h.Project, known))
	}
}

// checkHostName reports a name that no host has; false when it has.
func (c *Config) checkHostName(doc *strictyaml.Document, at, name string) bool {
	if _, ok := c.Hosts[name]; ok || !doc.Sound("hosts") {
		return ok
	}
	doc.Fault(at, "no host is named %s; %s", strictyaml.Quote(name), strictyaml.Instead(name, slices.Sorted(maps.Keys(c.Hosts))))
	return false
}

// hostName is a name of DNS.
var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

// isListen leaves out addresses that mean every network: what reaches the host from everywhere is to be written out.
func isListen(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	number, err := strconv.ParseUint(port, 10, 16)
	address, noAddress := netip.ParseAddr(host)
	return err == nil && number > 0 && (noAddress == nil && !address.IsUnspecified() && !address.IsMulticast() || noAddress != nil && hostName.MatchString(host))
}
