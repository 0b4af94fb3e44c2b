package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/evenkeel/evenkeel/activities/compose"
)

// The labels in which Compose says what a container belongs to and how it was made.
const (
	labelProject  = "com.docker.compose.project"
	labelService  = "com.docker.compose.service"
	labelNumber   = "com.docker.compose.container-number"
	labelHash     = "com.docker.compose.config-hash"
	labelDir      = "com.docker.compose.project.working_dir"
	labelFiles    = "com.docker.compose.project.config_files"
	labelEnvFiles = "com.docker.compose.project.environment_file"
	labelVersion  = "com.docker.compose.version"
)

// container is a replica of a service of a Compose project, in any state.
type container struct {
	ID     string `json:"Id"`
	Names  []string
	State  string
	Status string
	// Created is in seconds since 1970.
	Created int64
	Labels  map[string]string
}

// name is without the slash that the engine puts before it.
func (c container) name() string {
	if len(c.Names) == 0 {
		return "without a name"
	}
	return strings.TrimPrefix(c.Names[0], "/")
}

func (c container) project() string { return c.Labels[labelProject] }
func (c container) service() string { return c.Labels[labelService] }
func (c container) running() bool   { return c.State == "running" }

// number is the Compose container number, 0 when there is none.
func (c container) number() int {
	n, _ := strconv.Atoi(c.Labels[labelNumber])
	return n
}

// containers lists the replicas of a Compose project, or of all where project is empty, in every state
// and in order of project, service and number. One-off commands and hooks are left out.
func (e *engine) containers(ctx context.Context, project string) ([]container, error) {
	label := labelProject
	if project != "" {
		label += "=" + project
	}
	filters, err := json.Marshal(map[string][]string{"label": {label}})
	if err != nil {
		return nil, err
	}
	var all, found []container
	err = e.get(ctx, "/containers/json?all=1&filters="+url.QueryEscape(string(filters)), &all)
	for _, c := range all {
		if c.service() != "" && c.Labels["com.docker.compose.oneoff"] != "True" && c.Labels["com.docker.compose.hook"] == "" {
			found = append(found, c)
		}
	}
	slices.SortFunc(found, func(a, b container) int {
		return cmp.Or(strings.Compare(a.project(), b.project()), strings.Compare(a.service(), b.service()), cmp.Compare(a.number(), b.number()))
	})
	return found, err
}

// details are what one container is made of. Its environment is not decoded.
type details struct {
	ID     string `json:"Id"`
	Path   string
	Args   []string
	Config struct {
		Image string
		// Healthcheck is the one in force; its test is NONE where it is switched off.
		Healthcheck *struct{ Test []string }
	}
	State struct{ Running bool }

	HostConfig struct {
		NetworkMode string
		// NanoCPUs is in 10^-9 processors, Memory in bytes, CPUQuota in microseconds of each CPUPeriod.
		NanoCPUs  int64 `json:"NanoCpus"`
		Memory    int64
		CPUQuota  int64 `json:"CpuQuota"`
		CPUPeriod int64 `json:"CpuPeriod"`
	}
	Mounts          []mount
	NetworkSettings struct{ Networks map[string]attachment }
}

// mount is a folder or file of the host, or a volume, in a container.
type mount struct {
	Type, Source, Destination string
}

// attachment is a container's place on a network.
type attachment struct {
	NetworkID, IPAddress, GlobalIPv6Address string
}

func (e *engine) inspect(ctx context.Context, id string) (details, error) {
	var d details
	return d, e.get(ctx, "/containers/"+url.PathEscape(id)+"/json", &d)
}

// imageFacts are what an image declares.
type imageFacts struct {
	// ports are its TCP ports, sorted.
	ports []int
	// healthPort and healthPath are what its own health check asks over HTTP; 0 and empty where it has none, or
	// does not say.
	healthPort int
	healthPath string
}

// image returns what an image declares.
func (e *engine) image(ctx context.Context, image string) (facts imageFacts, err error) {
	var answer struct {
		Config struct {
			ExposedPorts map[string]struct{}
			Healthcheck  *struct{ Test []string }
		}
	}
	if err := e.get(ctx, "/images/"+(&url.URL{Path: image}).EscapedPath()+"/json", &answer); err != nil {
		return imageFacts{}, err
	}
	for text := range answer.Config.ExposedPorts {
		number, protocol, _ := strings.Cut(text, "/")
		if port, err := strconv.Atoi(number); err == nil && (protocol == "tcp" || protocol == "") {
			facts.ports = append(facts.ports, port)
		}
	}
	slices.Sort(facts.ports)
	if check := answer.Config.Healthcheck; check != nil {
		facts.healthPort, facts.healthPath = compose.Asks(check.Test, nil)
	}
	return facts, nil
}
