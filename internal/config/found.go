package config

// Found is what is known of an installation that has no configuration yet; Write makes one of it.
type Found struct {
	// TimeZone is an IANA name.
	TimeZone string
	// Host is the name of this machine.
	Host string
	// Person is the user of this machine who answers what runs ask; empty where nobody is known.
	Person string
	// Projects are its Compose projects, in the order in which they are written.
	Projects []FoundProject
}

// FoundProject is a Compose project that was found, with where each value comes from. All texts that
// end in From, and all remarks, are for people.
type FoundProject struct {
	Name string
	// Remarks stand above the project.
	Remarks []string
	// Directory is an absolute path.
	Directory, DirectoryFrom string
	// Files, EnvFiles and Profiles are those of Project; empty where Compose finds them by itself.
	Files, EnvFiles, Profiles             []string
	FilesFrom, EnvFilesFrom, ProfilesFrom string
	// Nginx is the router; without one an example is written, switched off.
	Nginx *FoundNginx
	// Services are all services of the project.
	Services []FoundService
}

// FoundNginx is a router in a container.
type FoundNginx struct {
	Remarks []string
	// Service is its Compose service, Upstreams an absolute path on the host.
	Service, ServiceFrom     string
	Upstreams, UpstreamsFrom string
}

// FoundService is a Compose service.
type FoundService struct {
	Name string
	// CannotScale is the reason why there can be one replica at most; the service is then written
	// switched off. Empty when it can be scaled.
	CannotScale string
	Remarks     []string
	// Doubtful says that more replicas are hardly what a person wants first: they would write into one place, or its
	// profile is off.
	Doubtful bool
	// Service holds what is known of Policy, Port, Ready and Upstream, and From where each key is from.
	Service Service
	From    map[string]string
}

// IsPath says whether Load takes text for a path of a service.
func IsPath(text string) bool { return httpPath.MatchString(text) }
