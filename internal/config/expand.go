package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evenkeel/evenkeel/internal/strictyaml"
)

// expand puts the environment's variables into file names and URLs, and makes the file names
// absolute. Other fields are taken as they stand: a name that changes with the environment would
// also change what the ids of running workflows mean.
func (c *Config) expand(doc *strictyaml.Document) {
	folder := filepath.Dir(c.Path)
	file := func(field string, value *string) {
		if *value = variables(doc, field, *value); *value != "" && !filepath.IsAbs(*value) {
			*value = filepath.Join(folder, *value)
		}
	}
	for name, host := range c.Hosts {
		for project, p := range host.Projects {
			at := "hosts." + name + ".projects." + project
			file(at+".directory", &p.Directory)
			for i := range p.Files {
				p.Files[i] = variables(doc, index(at+".files", i), p.Files[i])
			}
			for i := range p.EnvFiles {
				p.EnvFiles[i] = variables(doc, index(at+".env_files", i), p.EnvFiles[i])
			}
			if n := p.Nginx; n != nil {
				file(at+".nginx.config", &n.Config)
				file(at+".nginx.pid_file", &n.PIDFile)
				file(at+".nginx.upstreams", &n.Upstreams)
			}
			file(at+".admin.token_file", &p.Admin.TokenFile)
			host.Projects[project] = p
		}
	}
	file("ledger.dsn_file", &c.Ledger.DSNFile)
	file("templates_dir", &c.TemplatesDir)
	file("identity.allowed_signers", &c.Identity.AllowedSigners)
	c.expandOutside(doc, file)
	if a := c.Ingress.Alertmanager; a != nil {
		file("ingress.alertmanager.token_file", &a.TokenFile)
	}
	for name, hook := range c.Ingress.Hooks {
		file("ingress.hooks."+name+".secret_file", &hook.SecretFile)
		c.Ingress.Hooks[name] = hook
	}
	if s := c.Slack; s != nil {
		file("slack.token_file", &s.TokenFile)
		file("slack.signing_secret_file", &s.SigningSecretFile)
		file("slack.app_token_file", &s.AppTokenFile)
		s.URL = variables(doc, "slack.url", s.URL)
	}
	c.Prometheus.URL = variables(doc, "prometheus.url", c.Prometheus.URL)
}

var dollar = regexp.MustCompile(`\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\})?`)

// variables replaces ${NAME} by the variable of the environment and $$ by a dollar.
func variables(doc *strictyaml.Document, field, text string) string {
	var unset []string
	out := dollar.ReplaceAllStringFunc(text, func(match string) string {
		switch match {
		case "$$":
			return "$"
		case "$":
			doc.Fault(field, "a single $ is refused; write ${NAME} for a variable and $$ for a dollar")
			return match
		}
		name := match[2 : len(match)-1]
		value := os.Getenv(name)
		if value == "" {
			unset = append(unset, name)
			return match
		}
		return value
	})
	if unset != nil {
		doc.Fault(field, "the environment does not set %s; set it for every program of evenkeel", strings.Join(unset, ", "))
	}
	return out
}
