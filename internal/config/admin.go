package config

import "github.com/evenkeel/evenkeel/internal/strictyaml"

// Admin is the HTTP API of a project's product, and how evenkeel identifies itself to it.
type Admin struct {
	// TokenFile holds the bearer token; see Host.AdminToken.
	TokenFile string `yaml:"token_file"`
	// Service is the Compose service whose replicas have the API; empty when there is none for runbooks.
	Service string `yaml:"service"`
	// Port is where they have it; Load sets the port of the service under services when the file has none.
	Port int `yaml:"port"`
	// Paths are the paths that this product has; Load sets DefaultPaths when the file has no paths.
	Paths AdminPaths `yaml:"paths"`
}

// AdminPaths are paths of the product's API; one that the product does not have is empty.
type AdminPaths struct {
	ModelHealth    string `yaml:"model_health"`
	Breaker        string `yaml:"breaker"`
	Downshift      string `yaml:"downshift"`
	DownshiftStats string `yaml:"downshift_stats"`
	CacheStats     string `yaml:"cache_stats"`
	CacheBypass    string `yaml:"cache_bypass"`
	CacheWarm      string `yaml:"cache_warm"`
	DBPoolReset    string `yaml:"db_pool_reset"`
}

// DefaultPaths are those of the product that evenkeel was made for.
func DefaultPaths() AdminPaths {
	return AdminPaths{
		ModelHealth: "/health/llm", Breaker: "/admin/breaker",
		Downshift: "/admin/downshift", DownshiftStats: "/admin/downshift/stats",
		CacheStats: "/admin/cache/stats", CacheBypass: "/admin/cache/bypass", CacheWarm: "/admin/cache/warm",
		DBPoolReset: "/admin/db/pool/reset",
	}
}

// Of returns the path behind a key of paths, such as "breaker"; "" when the product has none.
func (p AdminPaths) Of(key string) string {
	for _, path := range p.all() {
		if path.key == key {
			return path.value
		}
	}
	return ""
}

type keyed struct{ key, value string }

func (p AdminPaths) all() []keyed {
	return []keyed{
		{"model_health", p.ModelHealth},
		{"breaker", p.Breaker},
		{"downshift", p.Downshift},
		{"downshift_stats", p.DownshiftStats},
		{"cache_stats", p.CacheStats},
		{"cache_bypass", p.CacheBypass},
		{"cache_warm", p.CacheWarm},
		{"db_pool_reset", p.DBPoolReset},
	}
}

// checkAdmin also fills in what the file leaves to the defaults.
func (p *Project) checkAdmin(doc *strictyaml.Document, at, services string) {
	a := &p.Admin
	for _, key := range []string{".port", ".paths"} {
		if doc.Has(at+key) && a.Service == "" {
			doc.Fault(at+key, "needs service, the Compose service that has the API")
		}
	}
	for _, path := range a.Paths.all() {
		if path.value != "" {
			checkPath(doc, at+".paths."+path.key, path.value)
		}
	}
	if a.Service == "" {
		return
	}
	checkServiceName(doc, at+".service", a.Service)
	if !doc.Has(at + ".paths") {
		a.Paths = DefaultPaths()
	}
	switch port := p.Services[a.Service].Port; {
	case doc.Has(at + ".port"):
		checkPort(doc, at+".port", a.Port)
	case port > 0:
		a.Port = port
	case doc.Sound(services):
		doc.Fault(at+".port", "is missing; services has no %s with a port to take it from", strictyaml.Quote(a.Service))
	}
}

// AdminToken returns the bearer token of a project's API: the environment's
// EVENKEEL_ADMIN_TOKEN, else what token_file holds, else "". On a host with several projects the variable counts for
// none: a token must not be sent to another product than its own.
func (h Host) AdminToken(project string) (string, error) {
	file := h.Projects[project].Admin.TokenFile
	if len(h.Projects) == 1 {
		return secret("EVENKEEL_ADMIN_TOKEN", "admin.token_file", file)
	}
	return secret("", "admin.token_file", file)
}
